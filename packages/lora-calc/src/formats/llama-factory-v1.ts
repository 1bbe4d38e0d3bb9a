/**
 * LLaMA-Factory's second schema (examples/v1). Counts only: it trains by an engine of its own, which has no program here.
 *
 * Source: llamafactory 0.9.6.dev0 v1/config/*.py, v1/plugins/model_plugins/peft.py.
 */

import type { JsonObject } from "../problem/fields.js";
import { finding, namesIn, shown, targetAllLinear, tellCountsOnly } from "./format.js";
import type { Draft, Format } from "./format.js";

/** They decide data, time and memory, of which nothing is computed. */
const HARMLESS = [
  ...[
    "model_class",
    "train_dataset",
    "eval_dataset",
    "output_dir",
    "micro_batch_size",
    "global_batch_size",
    "cutoff_len",
  ],
  ...[
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "bf16",
    "fp16",
    "seed",
    "logging_steps",
    "save_steps",
    "trust_remote_code",
  ],
  ...[
    "dist_config.*",
    "kernel_config.*",
    "quant_config.*",
    "init_config.*",
    "sample_backend",
    "max_new_tokens",
    "template",
  ],
  ...[
    "enable_activation_checkpointing",
    "batching_strategy",
    "batching_workers",
    "optim_config.*",
    "lr_scheduler_config.*",
  ],
  ...[
    "max_grad_norm",
    "weight_decay",
    "warmup_*",
    "save_*",
    "logging_*",
    "peft_config.export_*",
    "peft_config.infer_dtype",
  ],
];

export const LLAMA_FACTORY_V1_FILE: Format = {
  trainer: "LLaMA-Factory",
  stack: undefined,
  isNested: true,
  recognizes: (file) =>
    typeof file["model"] === "string" &&
    (typeof file["peft_config.name"] === "string" ||
      (file["train_dataset"] !== undefined && file["cutoff_len"] !== undefined)),
  keys: {
    model: "together",
    "peft_config.name": "together",
    "peft_config.target_modules": "together",
    "peft_config.r": { to: "adapter.r" },
    "peft_config.lora_alpha": { to: "adapter.lora_alpha" },
    "peft_config.lora_dropout": { to: "adapter.lora_dropout" },
    "peft_config.use_rslora": { to: "adapter.use_rslora" },
    "peft_config.use_dora": { to: "adapter.use_dora" },
    "peft_config.modules_to_save": { to: "adapter.modules_to_save", read: namesIn },
  },
  harmless: HARMLESS,
  other: [
    "peft_config.adapter_name_or_path",
    "peft_config.freeze_trainable_layers",
    "peft_config.freeze_trainable_modules",
  ],
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = file["model"];
    tellCountsOnly(draft, "model", "LLaMA-Factory's second engine");
    readAdapter(file, draft);
  },
};

function readAdapter(file: JsonObject, draft: Draft): void {
  const { "peft_config.name": name, "peft_config.target_modules": targets = "all" } = file;
  if (name !== "lora") {
    draft.adapter = null;
    if (name !== undefined)
      finding(
        draft,
        "not_computed",
        "peft_config.name",
        `peft_config.name ${shown(name)} has no program here; the answer is one where every weight trains`,
      );
    return;
  }
  draft.adapter = {
    ...{ r: 8, lora_alpha: 16, lora_dropout: 0.05 },
    ...draft.adapter,
    target_modules:
      targets === "all" ? targetAllLinear(draft, "peft_config.target_modules") : namesIn(targets),
  };
}
