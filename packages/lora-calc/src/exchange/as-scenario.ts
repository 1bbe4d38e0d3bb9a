/** Foreign input where a scenario is expected. */

import type { Scenario } from "../scenario.js";

/**
 * Any value as a scenario, unchecked: for what was read from a file, a link or a request. `estimate` and what else takes a
 * scenario check every field and answer with a Problem.
 *
 * Example: estimate(asScenario(JSON.parse('{"model": 7}'))).error.code // "invalid_type"
 */
export function asScenario(value: unknown): Scenario {
  return value as Scenario;
}
