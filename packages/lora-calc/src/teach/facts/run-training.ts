/** Batch size and length of a run, whoever chose them. */

import type { Estimate } from "../../result.js";
import type { Scenario } from "../../scenario.js";

export interface RunTraining {
  readonly batch: number;
  readonly length: number;
}

/** As given, else as the stack assumed them, else as the example has them. */
export function trainingOf(
  { training }: Pick<Scenario, "training">,
  { assumed }: Pick<Estimate, "assumed">,
  example: RunTraining,
): RunTraining {
  const read = (name: "per_device_train_batch_size" | "max_length", fallback: number): number => {
    const taken = assumed.find(({ path }) => path === `training.${name}`);
    const value = training?.[name] ?? taken?.value;
    return typeof value === "number" ? value : fallback;
  };
  return {
    batch: read("per_device_train_batch_size", example.batch),
    length: read("max_length", example.length),
  };
}
