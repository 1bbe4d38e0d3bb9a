/**
 * MLX-LM's YAML for `mlx_lm.lora -c`, and the adapter_config.json that it saves, which is the same dictionary and not PEFT's.
 *
 * Source: mlx-lm 0.32 lora.py `CONFIG_DEFAULTS`, tuner/utils.py `linear_to_lora_layers`, tuner/lora.py, tuner/dora.py.
 */

import { packedModel } from "../catalogue/models.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { finding, knownConfig, shown } from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";

const KEYS: Readonly<Record<string, KeyRow>> = {
  model: "together",
  fine_tune_type: "together",
  num_layers: "together",
  lora_parameters: "together",
  lora_layers: { now: "num_layers" },
  use_dora: { now: "fine_tune_type", read: (value) => (value === true ? "dora" : undefined) },
};

/** They decide memory, of which nothing is computed, data or time. */
const HARMLESS = [
  ...[
    "train",
    "optimizer",
    "optimizer_config",
    "data",
    "hf_dataset",
    "seed",
    "batch_size",
    "iters",
  ],
  ...["val_batches", "learning_rate", "steps_per_report", "steps_per_eval", "resume_adapter_file"],
  ...["adapter_path", "save_every", "test", "test_batches", "max_seq_length", "config"],
  ...["grad_checkpoint", "grad_accumulation_steps", "clear_cache_threshold", "lr_schedule"],
  ...["mask_prompt", "report_to", "project_name", "wandb"],
];

export const MLX_LM_FILE: Format = {
  trainer: "MLX-LM",
  stack: undefined,
  recognizes: (file) =>
    typeof file["model"] === "string" &&
    ["lora_parameters", "fine_tune_type", "lora_layers"].some((key) => file[key] !== undefined),
  keys: KEYS,
  harmless: HARMLESS,
  other: [],
  unknownAre: "dropped",
  together: (file, draft) => {
    draft.model = baseOf(shown(file["model"]));
    finding(
      draft,
      "not_computed",
      "model",
      "MLX-LM trains in Apple's unified memory, which has no program here; the answer is one of counts",
    );
    readTuning(file, draft);
    tellParameters(file, draft);
  },
};

/** A repository that is packed for inference is counted as its base: the adapters have the same shapes. */
function baseOf(name: string): string {
  const base = packedModel(name)?.nearest;
  return typeof base === "string" ? base : name;
}

/** Source: mlx-lm 0.32 tuner/utils.py `linear_to_lora_layers`: it looks up these and no others. */
const PARAMETERS = ["rank", "scale", "dropout", "keys"];

function tellParameters({ lora_parameters: given }: JsonObject, draft: Draft): void {
  const unknown = Object.keys(isObject(given) ? given : {}).filter(
    (key) => !PARAMETERS.includes(key),
  );
  for (const key of unknown) {
    const now =
      key === "alpha" || key === "lora_alpha"
        ? "; say scale, which is alpha over the rank, and 20 where it is not said"
        : "";
    finding(
      draft,
      "trap",
      `lora_parameters.${key}`,
      `MLX-LM does not look at lora_parameters.${key}${now}`,
    );
  }
}

const USUAL_LAYERS = 16;

function readTuning(file: JsonObject, draft: Draft): void {
  const { fine_tune_type: type = "lora", num_layers: last = USUAL_LAYERS } = file;
  const layers = layersOf(draft.model);
  const isPart = typeof last === "number" && last >= 0 && (layers === undefined || last < layers);
  if (type === "full") {
    draft.adapter = null;
    if (isPart)
      finding(
        draft,
        "not_computed",
        "num_layers",
        `the last ${last} layers alone train; the answer is one of all (num_layers: -1)`,
      );
    return;
  }
  if (type !== "lora" && type !== "dora")
    finding(draft, "not_computed", "fine_tune_type", `${shown(type)} has no program here`);
  if (isPart && layers !== undefined && file["num_layers"] === undefined)
    finding(
      draft,
      "assumed",
      "num_layers",
      `the last ${last} layers are adapted, MLX-LM's own number; num_layers: -1 is all`,
    );
  draft.adapter = {
    ...adapterOf(file),
    ...(type === "dora" ? { use_dora: true } : {}),
    ...(isPart ? lastLayers(last, layers, draft) : {}),
  };
}

/** Its scale is alpha over the rank. */
function adapterOf(file: JsonObject): JsonObject {
  const given = isObject(file["lora_parameters"]) ? file["lora_parameters"] : {};
  const { rank = 8, scale = 20, dropout = 0, keys } = given;
  const isNumber = typeof rank === "number" && typeof scale === "number";
  return {
    r: rank,
    ...(isNumber ? { lora_alpha: rank * scale } : {}),
    lora_dropout: dropout,
    target_modules: Array.isArray(keys) ? keys : "all-linear",
  };
}

function lastLayers(last: number, layers: number | undefined, draft: Draft): JsonObject {
  if (layers !== undefined) {
    const first = layers - last;
    return { layers_to_transform: Array.from({ length: last }, (_, index) => first + index) };
  }
  finding(
    draft,
    "not_computed",
    "num_layers",
    `the last ${last} layers alone are adapted, and how many ${shown(draft.model)} has is not in the catalogue; the answer is one of all`,
  );
  return {};
}

/** Layers of a model of the catalogue. */
function layersOf(model: unknown): number | undefined {
  const config = typeof model === "string" ? knownConfig(model) : undefined;
  const layers = config?.["num_hidden_layers"] ?? config?.["n_layer"];
  return typeof layers === "number" ? layers : undefined;
}
