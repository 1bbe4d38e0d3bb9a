/** One row of a map of length and batch: what the run would take at each length, and whether that fits. */

import { estimate } from "./estimate.js";
import { pricedOf } from "./price.js";
import { isObject } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import { isRefusal } from "./result.js";
import type { Fit } from "./result.js";
import type { Scenario } from "./scenario.js";

export interface FitCell {
  /** Absent without a card. */
  readonly verdict?: Fit["verdict"];
  /** Process peak; absent where the run is known not to fit without having been estimated. Unit: bytes. */
  readonly process_peak?: number;
}

/**
 * The run with this batch at each of these lengths, ascending; undefined where memory is not computed. A cell fits exactly when
 * `limits` of the run with its length says that its batch does. Beyond a length whose tensors alone are more than the card gives,
 * longer ones are known not to fit and are not estimated.
 *
 * Example: fitsAlong({ model: "gpt2", adapter: { r: 8 }, hardware: { gpu: "T4" } }, 1, [512])[0]?.verdict // "fits"
 */
export function fitsAlong(
  scenario: Scenario,
  batch: number,
  lengths: readonly number[],
): readonly (FitCell | undefined)[] {
  let isBeyond = false;
  return lengths.map((length) => {
    if (isBeyond) return { verdict: "does_not_fit" };
    const answer = estimate(withShape(scenario, batch, length), { expandable: false });
    const priced = isRefusal(answer) ? undefined : pricedOf(answer);
    if (priced === undefined) return undefined;
    const { verdict, processPeak, room } = priced;
    isBeyond = room !== undefined && room.bytesWithoutCache < 0;
    return { ...(verdict === undefined ? {} : { verdict }), process_peak: processPeak };
  });
}

/** The run with another batch and length. Example: withShape({ model: "gpt2" }, 2, 64).training // ({ per_device_train_batch_size: 2, max_length: 64 }) */
export function withShape(scenario: Scenario, batch: number, length: number): Scenario {
  const before: JsonObject = isObject(scenario.training) ? scenario.training : {};
  const shape = { per_device_train_batch_size: batch, max_length: length };
  // On the map every batch is as long as its column says.
  const training = { ...before, ...shape, ...("lengths" in before ? { lengths: null } : {}) };
  return { ...scenario, training };
}
