/** Axolotl 0.19: transformers' Trainer and its loss, casts of its own around the load, and LoRA kernels. */

import type { StackProfile } from "./profile.js";

/**
 * Types with a blueprint whose forward its fork writes as Llama's or Mixtral's; those that scale their logits (Cohere, Granite) have another.
 *
 * Source: axolotl-ai-cloud/ml-cross-entropy@5f0c7a7 cut_cross_entropy/transformers/*.py.
 */
const CUT = [
  ...[
    "apertus",
    "arcee",
    "deepseek_v2",
    "deepseek_v3",
    "exaone4",
    "gemma",
    "gemma2",
    "gemma3_text",
  ],
  ...["gemma4_text", "glm", "glm4", "glm4_moe_lite", "glm_moe_dsa", "gpt_oss", "lfm2", "lfm2_moe"],
  ...["llama", "ministral3", "mistral", "mixtral", "minimax_m2", "olmo", "olmo2", "olmo3", "olmoe"],
  ...["phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next", "seed_oss", "smollm3"],
] as const;

/**
 * Source: axolotl 0.19.0 utils/schemas/config.py `check_auto_enable_lora_kernels`, utils/config/__init__.py `normalize_config`,
 * loaders/model.py, core/builders/base.py, monkeypatch/lora_kernels.py; the pins by the METADATA of its wheel.
 */
export const AXOLOTL = {
  id: "axolotl-0.19",
  name: "Axolotl 0.19",
  releases: { transformers: "5.16.1", peft: "0.20.0" },
  passesMask: true,
  trainsTokensOnly: true,
  packs4bit: { bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  castsBack: true,
  emptiesCache: true,
  inputsRequireGrad: true,
  fusesLora: ["llama", "mistral", "qwen2", "qwen3", "gemma"],
  cutsLossFor: CUT,
  trainsBy: ["sft"],
  losses: ["hf", "liger", "cce"],
  training: {
    per_device_train_batch_size: 1,
    max_length: 512,
    gradient_checkpointing: false,
    use_reentrant: true,
    loss: "hf",
  },
  source:
    "axolotl 0.19.0 utils/schemas/*.py, utils/config/__init__.py, loaders/*.py, core/builders/*.py, kernels/*.py",
} as const satisfies StackProfile;
