/**
 * torchtune's YAML: builders by their dotted names, each with its arguments. Counts only: the project was wound down in 2025 and its
 * training step has no program here.
 *
 * Source: torchtune 0.7.0 recipes/configs, models/*\/_model_builders.py, modules/peft/lora.py.
 */

import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, shown, tellCountsOnly } from "./format.js";
import type { Draft, Format } from "./format.js";

/** They decide data, time and memory, of which nothing is computed. */
const HARMLESS = [
  ...[
    "output_dir",
    "seed",
    "shuffle",
    "batch_size*",
    "epochs",
    "max_steps_per_epoch",
    "resume_from_checkpoint",
  ],
  ...[
    "gradient_accumulation_steps",
    "clip_grad_norm",
    "compile*",
    "log_*",
    "device",
    "dtype",
    "low_cpu_ram",
  ],
  ...[
    "enable_activation_checkpointing",
    "enable_activation_offloading",
    "save_adapter_weights_only",
  ],
  ...["run_val_every_n_steps", "keep_last_n_checkpoints", "optimizer_in_bwd", "quantize_base"],
  ...[
    "tokenizer.*",
    "dataset*",
    "dataloader.*",
    "optimizer.*",
    "lr_scheduler.*",
    "loss.*",
    "loss",
    "kd_*",
  ],
  ...[
    "metric_logger.*",
    "profiler.*",
    "checkpointer.*",
    "teacher_*",
    "ref_checkpointer.*",
    "collate_fn",
  ],
  ...[
    "model.image_size",
    "model.quantize_base",
    "custom_sharded_layers",
    "fsdp*",
    "tensor_parallel*",
    "data_parallel*",
  ],
];

export const TORCHTUNE_FILE: Format = {
  trainer: "torchtune",
  stack: undefined,
  isNested: true,
  recognizes: (file) => shown(file["model._component_"] ?? "").startsWith("torchtune."),
  keys: {
    "model._component_": "together",
    "checkpointer.checkpoint_dir": "together",
    "model.lora_attn_modules": "together",
    "model.apply_lora_to_mlp": "together",
    "model.apply_lora_to_output": "together",
    "model.lora_rank": { to: "adapter.r" },
    "model.lora_alpha": { to: "adapter.lora_alpha" },
    "model.lora_dropout": { to: "adapter.lora_dropout" },
    "model.use_dora": { to: "adapter.use_dora" },
  },
  harmless: HARMLESS,
  other: [
    "model.decoder_trainable",
    "model.encoder_trainable",
    "model.fusion_trainable",
    "quantizer._component_",
    "quantizer.groupsize",
    "quantizer.precision",
  ],
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = folderName(file["checkpointer.checkpoint_dir"]);
    tellCountsOnly(draft, "model._component_", "torchtune");
    readAdapter(file, draft);
  },
};

/** Checkpoints lie in a folder named as the repository, its owner left out. */
function folderName(folder: unknown): unknown {
  if (typeof folder !== "string") return undefined;
  return folder.split("/").findLast((part) => part !== "" && part !== ".");
}

/** torchtune's names of modules, and those of transformers. Source: torchtune models/convert_weights.py. */
const ATTENTION: Readonly<Record<string, string>> = {
  ...{ q_proj: "q_proj", k_proj: "k_proj", v_proj: "v_proj", output_proj: "o_proj" },
};
const MLP = ["gate_proj", "up_proj", "down_proj"];

/** Builders: `lora_…` and `qlora_…` adapt, the rest train every weight. */
function readAdapter(file: JsonObject, draft: Draft): void {
  const builder = shown(file["model._component_"]).split(".").at(-1) ?? "";
  if (!/^q?lora_/.test(builder)) {
    draft.adapter = null;
    return;
  }
  const {
    "model.lora_attn_modules": attention,
    "model.apply_lora_to_mlp": mlp,
    "model.apply_lora_to_output": head,
  } = file;
  const named = Array.isArray(attention)
    ? attention.map((name) => ATTENTION[shown(name)] ?? shown(name))
    : [];
  draft.adapter = {
    ...{ r: 8, lora_alpha: 16, lora_dropout: 0 },
    ...draft.adapter,
    target_modules: [...named, ...(isOn(mlp) ? MLP : []), ...(isOn(head) ? ["lm_head"] : [])],
  };
  if (builder.includes("phi"))
    finding(
      draft,
      "not_computed",
      "model.lora_attn_modules",
      "torchtune splits the projections that Phi fuses; its adapters are other than those counted here",
    );
}
