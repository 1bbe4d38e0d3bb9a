/** One run on several cards: kernels, context and room differ, so each is an estimate of its own. */

import { findGpu } from "./catalogue/gpus.js";
import { estimate } from "./estimate.js";
import { peaksOf } from "./exchange/peaks.js";
import type { Problem } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Fit } from "./result.js";
import type { Scenario } from "./scenario.js";

/** Eight kinds of card that people fine-tune on: what they rent, own, and are given for nothing. */
export const EIGHT_CARDS: readonly string[] = [
  "RTX 3060",
  "T4",
  "RTX 3090",
  "RTX 4090",
  "RTX 5090",
  "A100 40GB",
  "L40S",
  "H100 SXM 80GB",
];

export interface OnCard {
  readonly card: string;
  /** As the driver reports it. Unit: bytes. */
  readonly capacity: number;
  /** Absent where memory is not computed. Unit: bytes. */
  readonly process_peak?: number;
  /** Absent where memory is not computed. */
  readonly fit?: Fit;
  /** Why there is no answer. */
  readonly problem?: Problem;
}

/**
 * The run on each of these cards, smallest card first. Stops with `unknown_gpu` for a name that the catalogue does not have.
 *
 * Example: onCards({ model: "gpt2", adapter: { r: 8 } }, ["A100 40GB", "T4"])[0]?.card // "T4"
 */
export function onCards(
  scenario: Scenario,
  cards: readonly string[] = EIGHT_CARDS,
): readonly OnCard[] {
  return cards
    .map(findGpu)
    .sort((left, right) => left.memoryBytes - right.memoryBytes)
    .map(({ name, memoryBytes }) => {
      const hardware = { ...scenario.hardware, gpu: name };
      const answer = estimate({ training: {}, ...scenario, hardware }, { expandable: false });
      const row = { card: name, capacity: memoryBytes };
      if (isRefusal(answer)) return { ...row, problem: answer.error };
      const memory = peaksOf(answer);
      return {
        ...row,
        ...(memory === undefined ? {} : { process_peak: memory.process_peak }),
        ...(answer.fit === undefined ? {} : { fit: answer.fit }),
      };
    });
}
