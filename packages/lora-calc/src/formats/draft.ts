/** A scenario in the making: at its start, and when everything is read. */

import { asScenario } from "../exchange/as-scenario.js";
import type { Scenario } from "../scenario.js";
import type { StackId } from "../stacks/stacks.js";
import type { Draft } from "./format.js";

export function newDraft(stack: StackId | undefined): Draft {
  return {
    ...{ model: undefined, stack, quantization: null, findings: [] },
    ...{ adapter: {}, training: {}, hardware: {} },
  };
}

/** What a stack computes is left out where there is none. */
export function scenarioOf({
  model,
  stack,
  adapter,
  quantization,
  training,
  hardware,
}: Draft): Scenario {
  return asScenario({
    model,
    adapter,
    ...(quantization === null ? {} : { quantization }),
    ...(stack === undefined ? {} : { stack, training }),
    ...(Object.keys(hardware).length === 0 ? {} : { hardware }),
  });
}
