/**
 * The YAML of `unsloth train -c`: model, data, training, lora and logging.
 *
 * Source: unsloth 2026.8 unsloth_cli/config.py `Config` and its defaults.
 */

import type { JsonObject } from "../problem/fields.js";
import { USUAL_TARGETS } from "../stacks/unsloth.js";
import { finding, isOn, namesIn } from "./format.js";
import type { Draft, Format } from "./format.js";

export const UNSLOTH_FILE: Format = {
  trainer: "Unsloth",
  stack: "unsloth-2026.8",
  isNested: true,
  recognizes: (file) =>
    typeof file["model"] === "string" &&
    [
      "training.max_seq_length",
      "training.load_in_4bit",
      "training.training_type",
      "lora.lora_r",
      "training.batch_size",
    ].some((key) => file[key] !== undefined),
  keys: {
    model: "together",
    "training.training_type": "together",
    "training.max_seq_length": "together",
    "training.load_in_4bit": "together",
    "training.batch_size": "together",
    "training.gradient_accumulation_steps": "together",
    "training.gradient_checkpointing": "together",
    "training.packing": { to: "training.packing" },
    "lora.target_modules": "together",
    "lora.lora_r": { to: "adapter.r" },
    "lora.lora_alpha": { to: "adapter.lora_alpha" },
    "lora.lora_dropout": { to: "adapter.lora_dropout" },
    "lora.use_rslora": { to: "adapter.use_rslora" },
    "lora.use_dora": { to: "adapter.use_dora" },
  },
  harmless: [
    ...[
      "data.*",
      "logging.*",
      "training.output_dir",
      "training.num_epochs",
      "training.learning_rate",
    ],
    ...[
      "training.warmup_steps",
      "training.max_steps",
      "training.save_steps",
      "training.weight_decay",
    ],
    ...["training.random_seed", "training.train_on_completions"],
  ],
  rates: {
    "training.num_epochs": "num_train_epochs",
    "training.learning_rate": "learning_rate",
    "training.warmup_steps": "warmup_steps",
    "training.weight_decay": "weight_decay",
  },
  other: [
    ...[
      "lora.vision_all_linear",
      "lora.use_loftq",
      "lora.finetune_vision_layers",
      "lora.finetune_language_layers",
    ],
    ...["lora.finetune_attention_modules", "lora.finetune_mlp_modules"],
  ],
  neutral: {
    "lora.finetune_vision_layers": true,
    "lora.finetune_language_layers": true,
    "lora.finetune_attention_modules": true,
    "lora.finetune_mlp_modules": true,
  },
  unknownAre: "dropped",
  together: readRun,
};

function readRun(file: JsonObject, draft: Draft): void {
  const {
    "training.training_type": type = "lora",
    "training.load_in_4bit": four = true,
    "training.max_seq_length": length = 2048,
    "training.gradient_checkpointing": checkpoints = "unsloth",
    "training.batch_size": batch = 2,
    "training.gradient_accumulation_steps": steps = 4,
    "lora.target_modules": targets = USUAL_TARGETS.language,
  } = file;
  draft.model = file["model"];
  if (type === "full") draft.adapter = null;
  else {
    if (isOn(four)) draft.quantization = { load_in_4bit: true };
    draft.adapter = {
      ...{ r: 64, lora_alpha: 16, lora_dropout: 0 },
      ...draft.adapter,
      target_modules: namesIn(targets),
    };
  }
  Object.assign(draft.training, {
    ...{ max_seq_length: length, max_length: length, per_device_train_batch_size: batch },
    ...{ gradient_accumulation_steps: steps, gradient_checkpointing: checkpoints !== "none" },
    optim: "adamw_8bit",
  });
  if (checkpoints === true || checkpoints === false)
    finding(
      draft,
      "trap",
      "training.gradient_checkpointing",
      `training.gradient_checkpointing is a word, "unsloth", "true" or "none", and a bare ${String(checkpoints)} is none of them: quote it`,
    );
}
