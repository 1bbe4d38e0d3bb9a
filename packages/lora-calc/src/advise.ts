/** What to do about an answer: levers and raises priced by re-running the estimate, the way to a fit, cards that hold it. */

import { cardsThatHold, priceLevers, priceRaises } from "./advice/advise.js";
import type { Raise } from "./advice/advise.js";
import { applyChange } from "./advice/levers.js";
import { climbToFit } from "./advice/ladder.js";
import type { GpuRow } from "./catalogue/rows/row.js";
import { pricedOf, pricer, situationOf } from "./price.js";
import type { JsonObject } from "./problem/fields.js";
import type { Estimate, Lever } from "./result.js";
import type { Scenario } from "./scenario.js";

export interface Advice {
  /** Switches that free memory on this run: free ones first, then those that cost time, then those that change the training. */
  readonly levers: readonly Lever[];
  /** The switches to pull, in order, until the run fits its card; absent when it fits already or no card is named. */
  readonly ladder?: Ladder;
  /** The largest batch, length and rank that the card holds with all else as it is, up to 16 times the run's; empty unless it fits. */
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
 * Cost: one estimate per lever and kind of card, about five per raise, and those of the ladder; bounded in counted events,
 * `left_out` says how many changes that left without a price.
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
  const { parameters } = answer;
  const start = { scenario: plain, situation, parameters };
  const raises = base.verdict === "fits" ? priceRaises(start, base, price) : [];
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
