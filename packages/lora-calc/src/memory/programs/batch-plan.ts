/** Which micro-batches of which steps are run, and how long each is. */

import type { TrainingSettings } from "../settings/training.js";

/** The second step runs with the optimizer state of the first. */
const STEPS = 2;

/**
 * Micro-batches of a step that are run where all are equal: the first has no gradients to add to, the second follows one
 * without, the third does what all that follow do. The replay repeats it (repeat/laps.ts).
 */
const SAMPLED_MICRO_BATCHES = 3;

export interface BatchPlan {
  /** Per step the lengths of its micro-batches. Unit: tokens. */
  readonly steps: readonly (readonly number[])[];
  /** Each is as long as the others, and does what they do. */
  readonly areEqual: boolean;
  /** The step whose course is shown: the first with optimizer state that has a batch of the longest. */
  readonly shownStep: number;
}

type Settings = Pick<TrainingSettings, "gradient_accumulation_steps" | "lengths" | "max_length">;

/** `samples`: micro-batches that do what others did need not be run. Example: planOf({ gradient_accumulation_steps: 1, max_length: 8 }, true).steps // [[8], [8]] */
export function planOf(settings: Settings, samples: boolean): BatchPlan {
  const { gradient_accumulation_steps: count, max_length: longest } = settings;
  const turns = settings.lengths?.turns ?? [longest];
  const areEqual = turns.every((length) => length === longest);
  const enough = areEqual ? SAMPLED_MICRO_BATCHES : Math.max(SAMPLED_MICRO_BATCHES, turns.length);
  const micro = samples || !areEqual ? Math.min(count, enough) : count;
  // Behind the first step, which has no optimizer state yet, every length comes once more.
  const number = areEqual ? STEPS : 1 + Math.ceil(turns.length / micro);
  const steps = Array.from({ length: number }, (_, step) =>
    Array.from(
      { length: micro },
      (_each, at) => turns[(step * count + at) % turns.length] ?? longest,
    ),
  );
  const shownStep = steps.findIndex((lengths, step) => step > 0 && lengths.includes(longest));
  return { steps, areEqual, shownStep };
}
