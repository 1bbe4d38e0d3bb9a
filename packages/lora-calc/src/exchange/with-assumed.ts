/** A scenario with nothing left to assume: what is written to a file must run as it was estimated. */

import type { Estimate } from "../result.js";
import type { Scenario } from "../scenario.js";

/**
 * The scenario with the training values that its estimate took from the stack or the defaults. Without a memory estimate
 * nothing was assumed about training, and the scenario is returned as it is.
 */
export function withAssumed(scenario: Scenario, { assumed }: Estimate): Scenario {
  const prefix = "training.";
  const taken = assumed.filter(({ path }) => path.startsWith(prefix));
  if (taken.length === 0) return scenario;
  const values = taken.map(({ path, value }) => [path.slice(prefix.length), value] as const);
  return { ...scenario, training: { ...Object.fromEntries(values), ...scenario.training } };
}
