/** LitGPT 0.5: a model, LoRA layers and a loop of its own, under Lightning Fabric. */

import type { StackProfile } from "./profile.js";

/** Source: litgpt 0.5.13 finetune/lora.py `setup`, lora.py, model.py, utils.py; lightning 2.6 fabric/plugins/precision. */
export const LITGPT = {
  id: "litgpt-0.5",
  name: "LitGPT 0.5.13",
  // Its models are its own; of transformers it takes nothing.
  releases: {},
  trainsTokensOnly: true,
  adaptersFollowBase: true,
  autocastsFloat32: true,
  runsLitgpt: true,
  globalBatch: 16,
  trainsBy: ["sft"],
  losses: ["litgpt"],
  training: {
    per_device_train_batch_size: 1,
    gradient_checkpointing: false,
    // "bf16-mixed", where nobody names a precision.
    dtype: "float32",
    bf16: true,
    optim: "adamw_torch",
    max_grad_norm: 0,
    loss: "litgpt",
    loop: "plain",
  },
  packs4bit: { bnb_4bit_quant_type: "nf4" },
  // Packed weights and mixed precision are refused together: one of the true ones has to be named.
  onQuantizedBase: { dtype: "bfloat16", bf16: false, optim: "paged_adamw_32bit" },
  source: "litgpt 0.5.13 finetune/lora.py setup, utils.py get_default_supported_precision",
} as const satisfies StackProfile;

/** Types of transformers whose models LitGPT has in a form that is compared here. */
export const LITGPT_TYPES: readonly string[] = ["llama", "mistral", "qwen2", "qwen3", "gemma"];
