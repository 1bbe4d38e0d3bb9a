/** What runs cost in memory, asked again and again: the estimate behind advice and limits. */

import { asScenario } from "./exchange/as-scenario.js";
import type { Price, Priced } from "./advice/advise.js";
import type { Situation } from "./advice/situation.js";
import { estimate } from "./estimate.js";
import { readModel } from "./graph/read-model.js";
import { classifiesImages } from "./memory/settings/model-defaults.js";
import { readStep } from "./memory/settings/read-step.js";
import { checkpointQuantization } from "./model/checkpoint-quantization.js";
import { Fields } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import { isRefusal } from "./result.js";
import { findStack } from "./stacks/stacks.js";
import { peaksOf, reservedOf } from "./exchange/peaks.js";
import type { Estimate } from "./result.js";

/** Events of the allocator that one question may play: about four seconds on a laptop. An 8B model takes 40,000 a run. */
const MAX_EVENTS = 8_000_000;

export interface Pricer {
  readonly price: Price;
  readonly leftOut: () => number;
}

/** Prices scenarios, each once: levers pulled in another order often meet again. Past the budget it knows no price. */
export function pricer(maxEvents = MAX_EVENTS): Pricer {
  const known = new Map<string, Priced | undefined>();
  let events = 0;
  let leftOut = 0;
  const onWork = (played: number): void => {
    events += played;
  };
  const price: Price = (scenario) => {
    const key = JSON.stringify(scenario);
    if (!known.has(key)) {
      if (events >= maxEvents) {
        leftOut += 1;
        return undefined;
      }
      const result = estimate(asScenario(scenario), { expandable: false, onWork });
      known.set(key, isRefusal(result) ? undefined : pricedOf(result));
    }
    return known.get(key);
  };
  return { price, leftOut: () => leftOut };
}

export function pricedOf(answer: Estimate): Priced | undefined {
  const { interval, fit } = answer;
  const memory = peaksOf(answer);
  if (memory === undefined || interval === undefined) return undefined;
  const { process_peak: processPeak, beyond_tensors: beyond } = memory;
  const reserved = reservedOf(memory);
  const managed = beyond.find(({ name }) => name === "paged_optimizer")?.bytes ?? 0;
  const heldAtMost = interval.reserved[1] + managed;
  if (fit === undefined) return { processPeak, heldAtMost, verdict: undefined };
  const free = fit.headroom + processPeak;
  const room = {
    bytes: free - interval.process[1],
    bytesWithoutCache: free - (processPeak - reserved + memory.allocated_peak),
  };
  return { processPeak, heldAtMost, verdict: fit.verdict, room };
}

/** The settings in force of a scenario that `estimate` accepts. */
export function situationOf(scenario: JsonObject): Situation {
  const fields = new Fields(scenario, "");
  const { description, graph, world } = readModel(fields);
  const { training } = readStep(fields, description, graph, world);
  const packed =
    checkpointQuantization(description)?.fields ?? fields.object("quantization")?.values;
  const stack = fields.string("stack");
  const isPatched = stack !== undefined && findStack(stack).patchedByUnsloth === true;
  return {
    training,
    adapter: fields.object("adapter")?.values ?? null,
    quantization: packed ?? null,
    ...(isPatched ? { movable: { given: fields.object("training")?.values ?? {} } } : {}),
    ...(classifiesImages(graph.root) ? { hasNoLength: true } : {}),
  };
}
