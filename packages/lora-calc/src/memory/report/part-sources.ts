/** Where the rule behind each part was read, in the releases of a world. */

import { labelsOf } from "../../worlds/world.js";
import type { LibraryLabels, World } from "../../worlds/world.js";
import type { ComputedPart } from "../replay/parts.js";
import type { LossName, TrainingSettings } from "../settings/training.js";

const LOSS_SOURCES: Readonly<Record<LossName, (labels: LibraryLabels) => string>> = {
  hf: ({ transformers }) => `${transformers} loss/loss_utils.py ForCausalLMLoss`,
  nll: ({ transformers, trl }) =>
    `${transformers} loss/loss_utils.py ForCausalLMLoss; ${trl} trainer/utils.py entropy_from_logits`,
  chunked_nll: ({ trl }) => `${trl} trainer/sft_trainer.py _chunk`,
  fused: ({ trl }) => `${trl} kernels/chunked_logprob.py; trainer/utils.py add_fused_lm_head`,
  liger: () => "Liger-Kernel 0.8.2 ops/fused_linear_cross_entropy.py",
  dpo: ({ trl }) =>
    `${trl} trainer/dpo_trainer.py _compute_loss; trainer/utils.py selective_log_softmax`,
  unsloth: () =>
    "unsloth models/llama.py _CausalLM_fast_forward; unsloth_zoo fused_losses/cross_entropy_loss.py",
  litgpt: () => "litgpt 0.5.13 utils.py chunked_cross_entropy",
  cce: () => "cut-cross-entropy 25.6.4 cce.py",
  multiple_negatives_ranking: () =>
    "sentence-transformers 6.2.0 sentence_transformer/losses/multiple_negatives_ranking.py",
};

const LIGER_SOURCE = "Liger-Kernel 0.8.2 ops/rms_norm.py, rope.py, swiglu.py, geglu.py";

const SOURCES: Readonly<Record<Exclude<ComputedPart, "loss">, (labels: LibraryLabels) => string>> =
  {
    weights: ({ transformers, bitsandbytes }) =>
      `config.json and the modules of ${transformers}; ${bitsandbytes} functional.py for quantized weights`,
    reference: ({ trl }) =>
      `a second model: ${trl} trainer/dpo_trainer.py, where there is no adapter to switch off`,
    adapter_a: ({ peft }) => `${peft} tuners/lora/layer.py update_layer`,
    adapter_b: ({ peft }) => `${peft} tuners/lora/layer.py update_layer`,
    adapter_other: ({ peft }) =>
      `${peft} tuners/lora/dora.py, utils/other.py, tuners/trainable_tokens`,
    optimizer: ({ torch, bitsandbytes, transformers }) =>
      `${torch} optim; ${bitsandbytes} optim/optimizer.py; ${transformers} optimization.py`,
    gradients: ({ torch }) => `${torch} csrc/autograd/functions/accumulate_grad.h`,
    checkpoints: ({ torch }) => `${torch} utils/checkpoint.py`,
    communication: ({ torch }) =>
      `${torch} nn/parallel/distributed.py, csrc/distributed/c10d/reducer.cpp`,
    activations: ({ transformers, torch }) =>
      `${transformers} modeling code; ${torch} tools/autograd/derivatives.yaml`,
    buffers: () => "unsloth models/llama.py rotary embeddings, kernels/utils.py WEIGHT_BUFFERS",
    workspace: ({ torch, bitsandbytes }) =>
      `${torch} ATen/cuda/CublasHandlePool.cpp; ${bitsandbytes} autograd/_functions.py`,
    batch: () => "token ids, labels and mask of torch.int64",
  };

export function sourceOf(
  part: ComputedPart,
  { loss, use_liger_kernel: usesLiger }: TrainingSettings,
  world: World,
): string {
  const labels = labelsOf(world);
  if (part === "loss") return LOSS_SOURCES[loss](labels);
  const source = SOURCES[part](labels);
  return part === "activations" && usesLiger ? `${source}; ${LIGER_SOURCE}` : source;
}
