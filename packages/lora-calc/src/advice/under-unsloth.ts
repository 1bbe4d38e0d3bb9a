/** The same run under Unsloth: what is spelled out there, because its defaults are others, and what is left behind. */

import type { JsonObject } from "../problem/fields.js";
import { UNSLOTH_STACK } from "../stacks/stacks.js";
import { leftBehind } from "../stacks/unsloth.js";
import type { Change, Situation } from "./situation.js";

/** Undefined where the trainer is none that Unsloth patches. */
export function underUnsloth({ training, quantization, movable }: Situation): Change | undefined {
  if (movable === undefined) return undefined;
  const { bf16, fp16 } = training;
  const packs = quantization?.["load_in_4bit"] === true;
  return {
    stack: UNSLOTH_STACK,
    training: {
      ...leftBehind(movable.given),
      per_device_train_batch_size: training.per_device_train_batch_size,
      max_length: training.max_length,
      gradient_accumulation_steps: training.gradient_accumulation_steps,
      gradient_checkpointing: training.gradient_checkpointing,
      optim: training.optim,
      ...(bf16 ? { bf16 } : fp16 ? { fp16 } : {}),
    },
    ...(packs ? { quantization: packedAs(quantization) } : {}),
  };
}

/** Unsloth packs nf4 with double quantization, whatever is said. */
function packedAs(given: JsonObject): JsonObject {
  const decided = Object.keys(given).filter((name) => name.startsWith("bnb_4bit_"));
  return Object.fromEntries(decided.map((name) => [name, null]));
}
