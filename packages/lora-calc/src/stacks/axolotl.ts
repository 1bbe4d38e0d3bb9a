/** Axolotl 0.19: transformers' Trainer and its loss, casts of its own around the load, and LoRA kernels. */

import type { StackProfile } from "./profile.js";

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
