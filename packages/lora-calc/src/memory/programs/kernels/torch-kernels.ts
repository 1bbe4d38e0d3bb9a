/** How transformers, PEFT and PyTorch themselves compute a model. */

import type { Kernels } from "../../load/bound-module.js";
import { attend } from "./torch/attention.js";
import { gatedMlp } from "./torch/gated-mlp.js";
import { runLora } from "./torch/lora-linear.js";
import { rmsNorm } from "./torch/rms-norm.js";
import { applyRotary } from "./torch/rotary.js";

export const TORCH_KERNELS: Kernels = {
  rmsNorm,
  rotary: applyRotary,
  gatedMlp,
  adaptedLinear: runLora,
  attention: attend,
};
