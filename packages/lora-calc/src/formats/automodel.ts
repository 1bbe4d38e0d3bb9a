/**
 * NeMo AutoModel's YAML. Counts only: models and adapters are transformers', its training step has no program here.
 *
 * Source: nemo_automodel 0.5.0 components/_peft/lora.py `PeftConfig`, components/_peft/module_matcher.py `ModuleMatcher`.
 */

import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, shown, tellCountsOnly } from "./format.js";
import type { Draft, Format } from "./format.js";

/** They decide data, time and memory, of which nothing is computed. */
const HARMLESS = [
  ...[
    "recipe",
    "step_scheduler.*",
    "dist_env.*",
    "rng.*",
    "distributed.*",
    "loss_fn.*",
    "dataset.*",
    "packed_sequence.*",
  ],
  ...[
    "dataloader.*",
    "validation_*",
    "optimizer.*",
    "lr_scheduler.*",
    "checkpoint.*",
    "ci.*",
    "wandb.*",
    "mlflow.*",
    "comet.*",
  ],
  ...[
    "skypilot.*",
    "slurm.*",
    "quantization.*",
    "model.*",
    "peft._target_",
    "peft.lora_A_init",
    "peft.use_triton",
    "benchmark.*",
  ],
  ...[
    "peft.dropout_position",
    "peft.use_memory_efficient_lora",
    "peft.lora_dtype",
    "tokenizer.*",
    "logger.*",
    "distributed_config.*",
  ],
  ...[
    "parallelizer.*",
    "clip_grad_norm.*",
    "max_grad_norm",
    "seed",
    "compile.*",
    "profiling.*",
    "moe_mesh.*",
    "freeze_config.*",
    "processor.*",
  ],
];

export const AUTOMODEL_FILE: Format = {
  trainer: "NeMo AutoModel",
  stack: undefined,
  isNested: true,
  recognizes: (file) =>
    typeof file["model.pretrained_model_name_or_path"] === "string" &&
    (file["recipe"] !== undefined ||
      shown(file["model._target_"] ?? "").startsWith("nemo_automodel.")),
  keys: {
    "model.pretrained_model_name_or_path": "together",
    "peft.target_modules": "together",
    "peft.exclude_modules": "together",
    "peft.match_all_linear": "together",
    "peft.dim": { to: "adapter.r" },
    "peft.alpha": { to: "adapter.lora_alpha" },
    "peft.dropout": { to: "adapter.lora_dropout" },
    "peft.use_dora": { to: "adapter.use_dora" },
  },
  harmless: HARMLESS,
  other: ["peft.moe_rank_scaling"],
  unknownAre: "dropped",
  together: (file, draft) => {
    draft.model = file["model.pretrained_model_name_or_path"];
    tellCountsOnly(draft, "recipe", "NeMo AutoModel");
    readAdapter(file, draft);
  },
};

function readAdapter(file: JsonObject, draft: Draft): void {
  if (!Object.keys(file).some((key) => key.startsWith("peft."))) {
    draft.adapter = null;
    return;
  }
  const {
    "peft.target_modules": named,
    "peft.exclude_modules": without,
    "peft.match_all_linear": all,
  } = file;
  const given = { r: 8, lora_alpha: 32, lora_dropout: 0, ...draft.adapter };
  if (isOn(all) || without !== undefined) {
    draft.adapter = {
      ...given,
      target_modules: "all-linear",
      ...(without === undefined ? {} : { exclude_modules: patternOf(without) }),
    };
    const key = isOn(all) ? "peft.match_all_linear" : "peft.exclude_modules";
    finding(
      draft,
      "not_computed",
      key,
      `${key} adapts the head (lm_head), too, which is not counted here`,
    );
    return;
  }
  draft.adapter = { ...given, target_modules: patternOf(named ?? "*_proj") };
}

/** Names as they are; with a star in one of them one pattern of all. */
function patternOf(names: unknown): unknown {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (!list.every((name) => typeof name === "string")) return names;
  if (!list.some((name) => name.includes("*"))) return list;
  return list.map(starPattern).join("|");
}

/** A star is any text; a name without one is the last of its path. */
function starPattern(name: string): string {
  const text = name
    .replaceAll(/[\\^$+?()[\]{}|.]/g, String.raw`\$&`)
    .replaceAll(/(?:\\\.)?\*/g, ".*");
  return name.includes("*") ? text : String.raw`(?:.*\.)?${text}`;
}
