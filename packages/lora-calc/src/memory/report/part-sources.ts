/** Where the rule behind each part was read. */

import type { PartName } from "../replay/parts.js";
import type { LossName, TrainingSettings } from "../settings/training.js";

const LOSS_SOURCES: Readonly<Record<LossName, string>> = {
  hf: "transformers 5.18 loss/loss_utils.py ForCausalLMLoss",
  nll: "transformers 5.18 loss/loss_utils.py ForCausalLMLoss; TRL 1.13 trainer/utils.py entropy_from_logits",
  chunked_nll: "TRL 1.13 trainer/sft_trainer.py _chunk",
  liger: "Liger-Kernel 0.8.2 ops/fused_linear_cross_entropy.py",
  dpo: "TRL 1.13 trainer/dpo_trainer.py _compute_loss; trainer/utils.py selective_log_softmax",
  cce: "cut-cross-entropy 25.6.4 cce.py",
};

const LIGER_SOURCE = "Liger-Kernel 0.8.2 ops/rms_norm.py, rope.py, swiglu.py, geglu.py";

const SOURCES: Readonly<Record<Exclude<PartName, "loss">, string>> = {
  weights:
    "config.json and the modules of transformers 5.18; bitsandbytes 0.48 functional.py for quantized weights",
  reference:
    "a second model: TRL 1.13 trainer/dpo_trainer.py, where there is no adapter to switch off",
  adapter_a: "PEFT 0.21 tuners/lora/layer.py update_layer",
  adapter_b: "PEFT 0.21 tuners/lora/layer.py update_layer",
  adapter_other: "PEFT 0.21 tuners/lora/dora.py, utils/other.py, tuners/trainable_tokens",
  optimizer:
    "torch 2.13 optim; bitsandbytes 0.48 optim/optimizer.py; transformers 5.18 optimization.py",
  gradients: "torch 2.13 csrc/autograd/functions/accumulate_grad.h",
  checkpoints: "torch 2.13 utils/checkpoint.py",
  communication: "torch 2.13 nn/parallel/distributed.py, csrc/distributed/c10d/reducer.cpp",
  activations: "transformers 5.18 modeling code; torch 2.13 tools/autograd/derivatives.yaml",
  workspace: "torch 2.13 ATen/cuda/CublasHandlePool.cpp; bitsandbytes 0.48 autograd/_functions.py",
  batch: "token ids, labels and mask of torch.int64",
};

export function sourceOf(
  part: PartName,
  { loss, use_liger_kernel: usesLiger }: TrainingSettings,
): string {
  if (part === "loss") return LOSS_SOURCES[loss];
  return part === "activations" && usesLiger ? `${SOURCES[part]}; ${LIGER_SOURCE}` : SOURCES[part];
}
