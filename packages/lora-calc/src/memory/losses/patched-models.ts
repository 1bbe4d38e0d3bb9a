/** Which models a loss is written for: Liger and CCE replace the forward of the models they know, and leave others alone. */

import { reject } from "../../problem/problem.js";
import type { LossName } from "../training.js";

interface Patch {
  readonly name: string;
  /** Values of model_type whose forward computes this loss, among those with a program here. */
  readonly modelTypes: readonly string[];
}

const LLAMA_LIKE = ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3"];

/**
 * Granite scales its logits, which Liger's loss does not; it is left to the model's own loss there.
 *
 * Source: Liger-Kernel 0.7 transformers/monkey_patch.py `MODEL_TYPE_TO_APPLY_LIGER_FN`; cut-cross-entropy 25.9
 * transformers/patch.py `PATCH_FNS`.
 */
const PATCHES: Partial<Readonly<Record<LossName, Patch>>> = {
  liger: { name: "Liger's fused loss", modelTypes: [...LLAMA_LIKE, "olmo2", "smollm3"] },
  cce: { name: "Cut cross entropy", modelTypes: LLAMA_LIKE },
};

/** Stops at a model that the loss does not replace the forward of; an unknown type is taken as patched. */
export function rejectUnpatched(loss: LossName, modelType: string | undefined): void {
  const patch = PATCHES[loss];
  if (patch === undefined || modelType === undefined || patch.modelTypes.includes(modelType))
    return;
  reject({
    code: "unsupported",
    path: "training.loss",
    message: `${patch.name} is not made for ${modelType}; its forward keeps the model's own loss: use hf, nll or chunked_nll`,
    received: loss,
    expected: ["hf", "nll", "chunked_nll"],
  });
}
