/** Which models a library's fused loss is made for: it replaces their forward, by model_type, and no other. */

import { LIGER_MODEL_TYPES } from "./liger.js";

export interface FusedLossPatch {
  readonly name: string;
  /** Values of model_type, among those with a blueprint. */
  readonly modelTypes: readonly string[];
  /** What the library does with any other model. */
  readonly otherwise: string;
}

/**
 * The patch that brings a loss into a model; undefined for losses that need none.
 *
 * Source: Liger-Kernel 0.8.2 transformers/monkey_patch.py `MODEL_TYPE_TO_APPLY_LIGER_FN`; cut-cross-entropy 25.6.4 transformers/patch.py `PATCH_FNS`. Read on 2026-11-25.
 * Example: fusedLossPatch("cce")?.modelTypes.includes("qwen2") // true
 */
export function fusedLossPatch(loss: string): FusedLossPatch | undefined {
  return Object.hasOwn(PATCHES, loss) ? PATCHES[loss] : undefined;
}

const PATCHES: Readonly<Record<string, FusedLossPatch>> = {
  liger: {
    name: "Liger's fused loss",
    modelTypes: LIGER_MODEL_TYPES,
    otherwise: "the model keeps its own loss",
  },
  cce: {
    name: "cut cross entropy",
    modelTypes: ["gemma2", "llama", "mistral", "phi3", "qwen2"],
    otherwise: "cce_patch raises RuntimeError",
  },
};
