/** What to do about an answer: levers and raises priced by re-running the estimate, the way to a fit, cards that hold it. */

import { cardsThatHold, priceLevers, priceRaises } from "./advice/advise.js";
import type { Price, Priced, Raise } from "./advice/advise.js";
import { applyChange } from "./advice/levers.js";
import { climbToFit } from "./advice/ladder.js";
import type { Situation } from "./advice/levers.js";
import { findModel } from "./catalogue/models.js";
import type { GpuRow } from "./catalogue/row.js";
import { estimate } from "./estimate.js";
import { buildGraph } from "./graph/build-graph.js";
import type { ModuleGraph } from "./graph/module-graph.js";
import { readStep } from "./memory/read-step.js";
import { checkpointQuantization } from "./model/checkpoint-quantization.js";
import { describeModel } from "./model/description.js";
import { Fields } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import { isRefusal } from "./result.js";
import type { Estimate, Lever } from "./result.js";
import type { Scenario } from "./scenario.js";
import { readVersions } from "./versions.js";

export interface Advice {
  /** Switches that free memory on this run: free ones first, then those that cost time, then those that change the training. */
  readonly levers: readonly Lever[];
  /** The switches to pull, in order, until the run fits its card; absent when it fits already or no card is named. */
  readonly ladder?: Ladder;
  /** What could be doubled, and whether the card still holds it; empty unless the run fits its card. */
  readonly raises: readonly Raise[];
  /** Cards of the catalogue that hold the run as it is, smallest first. */
  readonly cards: readonly GpuRow[];
  /** Changes that were not priced, because the runs before them had cost enough. 0 for almost every run. */
  readonly left_out: number;
}

export interface Ladder {
  readonly steps: readonly Lever[];
  /** Verdict after the last step; `does_not_fit` says that nothing here helps enough. */
  readonly verdict: "fits" | "tight" | "does_not_fit";
}

const NOTHING: Advice = { levers: [], raises: [], cards: [], left_out: 0 };

/**
 * Advice on an estimated scenario. Every saving is the difference of two estimates, so applying a lever's `change` (fields
 * per section of the scenario) changes the process peak by exactly `saves` bytes. Empty when the estimate has no memory.
 *
 * Cost: one estimate per lever, raise and compute capability of the catalogue, and those of the ladder; bounded in counted
 * events, `left_out` says how many changes that left without a price.
 * Example: const scenario = { model: "gpt2", adapter: { r: 8 }, training: { gradient_checkpointing: false } };
 *   advise(scenario, estimate(scenario)).levers[0].id // "checkpointing"
 */
export function advise(scenario: Scenario, answer: Estimate): Advice {
  const base = pricedOf(answer);
  if (base === undefined) return NOTHING;
  const plain: JsonObject = { ...scenario };
  const { price, leftOut } = pricer();
  const situation = situationOf(plain);
  const levers = priceLevers(plain, situation, base, price);
  const raises = base.verdict === "fits" ? priceRaises(plain, situation, base, price) : [];
  const cards = cardsThatHold(plain, price);
  // The way to a fit costs most, so it comes last.
  const ladder =
    base.verdict === undefined || base.verdict === "fits"
      ? {}
      : { ladder: climbToFit(plain, base, { price, situationOf }) };
  return { levers, ...ladder, raises, cards, left_out: leftOut() };
}

/** The scenario with a lever or a raise applied. Example: applyLever({ model: "gpt2" }, { change: { adapter: { r: 4 } } }).adapter // { r: 4 } */
export function applyLever(scenario: Scenario, { change }: Pick<Lever, "change">): Scenario {
  return { ...applyChange({ ...scenario }, change), model: scenario.model };
}

/** Events of the allocator that one piece of advice may play: about four seconds on a laptop. An 8B model takes 40,000 a run. */
const MAX_EVENTS = 8_000_000;

interface Pricer {
  readonly price: Price;
  readonly leftOut: () => number;
}

/** Prices scenarios, each once: levers pulled in another order often meet again. Past the budget it knows no price. */
function pricer(): Pricer {
  const known = new Map<string, Priced | undefined>();
  let events = 0;
  let leftOut = 0;
  const onWork = (played: number): void => {
    events += played;
  };
  const price: Price = (scenario) => {
    const key = JSON.stringify(scenario);
    if (!known.has(key)) {
      if (events >= MAX_EVENTS) {
        leftOut += 1;
        return undefined;
      }
      const result = estimate(scenario, { expandable: false, onWork });
      known.set(key, isRefusal(result) ? undefined : pricedOf(result));
    }
    return known.get(key);
  };
  return { price, leftOut: () => leftOut };
}

function pricedOf({ memory, interval, fit }: Estimate): Priced | undefined {
  if (memory === undefined || interval === undefined) return undefined;
  const { process_peak: processPeak, beyond_tensors: beyond } = memory;
  const managed = beyond.find(({ name }) => name === "paged_optimizer")?.bytes ?? 0;
  const heldAtMost = interval.reserved[1] + managed;
  return { processPeak, heldAtMost, verdict: fit?.verdict };
}

function graphOf(scenario: JsonObject): ModuleGraph {
  const fields = new Fields(scenario, "");
  const description = describeModel(fields.get("model"), (id) => findModel(id).config);
  const { transformersMajor } = readVersions(fields.object("versions"));
  return buildGraph(description, transformersMajor).graph;
}

/** The settings in force of a scenario that `estimate` accepts. */
function situationOf(scenario: JsonObject): Situation {
  const fields = new Fields(scenario, "");
  const description = describeModel(fields.get("model"), (id) => findModel(id).config);
  const { transformersMajor } = readVersions(fields.object("versions"));
  const { training } = readStep(fields, description, graphOf(scenario), transformersMajor);
  const given =
    checkpointQuantization(description)?.fields ?? fields.object("quantization")?.values;
  return {
    training,
    adapter: fields.object("adapter")?.values ?? null,
    quantization: given ?? null,
  };
}
