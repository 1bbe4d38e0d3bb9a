/**
 * The YAML of TRL's command line, and of the recipes that are written like it: ScriptArguments, ModelConfig, and SFTConfig or
 * DPOConfig in one.
 *
 * Source: trl 1.16.0 trainer/model_config.py `ModelConfig`, scripts/utils.py, scripts/sft.py; peft 0.21.2 where it is silent.
 */

import { TRAINING_FIELDS } from "../fields/scenario.js";
import type { FieldTable } from "../fields/row.js";
import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, WORDS_OF_TRAINING } from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";
import { TRL_RULES } from "./rules.js";

const TRAINING: FieldTable = TRAINING_FIELDS;

/** Fields of training whose owner is a library of Hugging Face stand in the file under their own names. */
const OWN_FIELDS = Object.entries(TRAINING)
  .filter(
    ([, { owner, changes }]) =>
      changes !== "nothing" && owner !== "lora-calc" && owner !== "Unsloth",
  )
  .map(([name]): [string, KeyRow] => [name, { to: `training.${name}` }]);

const KEYS: Readonly<Record<string, KeyRow>> = {
  ...Object.fromEntries(OWN_FIELDS),
  model_name_or_path: "together",
  use_peft: "together",
  load_in_4bit: "together",
  load_in_8bit: "together",
  bnb_4bit_quant_type: "together",
  use_bnb_nested_quant: "together",
  bnb_4bit_quant_storage: "together",
  lora_r: "together",
  lora_alpha: "together",
  lora_dropout: "together",
  lora_target_modules: "together",
  lora_target_parameters: "together",
  lora_modules_to_save: "together",
  lora_task_type: "together",
  use_rslora: "together",
  use_dora: "together",
  max_seq_length: { now: "max_length" },
  torch_dtype: { now: "dtype" },
  evaluation_strategy: { now: "eval_strategy" },
  group_by_length: {
    now: "train_sampling_strategy",
    read: (value) => (isOn(value) ? "group_by_length" : undefined),
  },
  per_gpu_train_batch_size: { now: "per_device_train_batch_size" },
  adafactor: { now: "optim", read: (value) => (isOn(value) ? "adafactor" : undefined) },
  warmup_ratio: { now: "warmup_steps" },
};

const HARMLESS = [
  ...Object.entries(TRAINING)
    .filter(([, { changes }]) => changes === "nothing")
    .map(([name]) => name),
  ...["dataset_name", "dataset_config", "dataset_train_split", "dataset_test_split", "datasets"],
  ...[
    "dataset_mixture",
    "dataset_mixer",
    "dataset_splits",
    "dataset_streaming",
    "streaming",
    "test_split_size",
    "columns",
    "gradient_checkpointing_use_reentrant",
  ],
  ...["ignore_bias_buffers", "model_revision", "trust_remote_code", "accelerate_config", "env"],
  ...[
    "chat_template",
    "tokenizer_name_or_path",
    "preprocessing_num_workers",
    "overwrite_output_dir",
    "logging_dir",
  ],
];

/** Keys that only a file of TRL's names. */
const SIGNS = [
  "use_peft",
  "dataset_name",
  "dataset_mixture",
  "datasets",
  "lora_r",
  "max_length",
  "max_seq_length",
];

export const TRL_FILE: Format = {
  trainer: "TRL",
  stack: "trl-1.16",
  recognizes: (file) =>
    typeof file["model_name_or_path"] === "string" && SIGNS.some((key) => file[key] !== undefined),
  keys: KEYS,
  harmless: HARMLESS,
  other: ["fsdp", "deepspeed"],
  words: WORDS_OF_TRAINING,
  rules: TRL_RULES,
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = file["model_name_or_path"];
    readMethod(file, draft);
    readAdapter(file, draft);
    readQuantization(file, draft);
  },
};

/** Keys of DPOConfig that SFTConfig does not have. */
const OF_DPO = ["beta", "max_prompt_length", "precompute_ref_log_probs", "label_smoothing"];

function readMethod(file: JsonObject, { training }: Draft): void {
  if (OF_DPO.some((key) => file[key] !== undefined && file[key] !== null))
    training["method"] = "dpo";
}

/** Keys of the file, and fields of LoraConfig. */
export const LORA_KEYS: Readonly<Record<string, string>> = {
  lora_r: "r",
  lora_alpha: "lora_alpha",
  lora_dropout: "lora_dropout",
  lora_target_modules: "target_modules",
  lora_target_parameters: "target_parameters",
  lora_modules_to_save: "modules_to_save",
  lora_task_type: "task_type",
  use_rslora: "use_rslora",
  use_dora: "use_dora",
};

/** Without use_peft every weight trains, and the keys of LoRA are not looked at. Source: trl trainer/utils.py `get_peft_config`. */
function readAdapter(file: JsonObject, draft: Draft): void {
  const named = Object.keys(LORA_KEYS).filter(
    (key) => file[key] !== undefined && file[key] !== null,
  );
  if (!isOn(file["use_peft"])) {
    draft.adapter = null;
    const [first] = named;
    if (first !== undefined)
      finding(
        draft,
        "trap",
        first,
        `without use_peft: true every weight trains, and ${named.join(", ")} are not looked at`,
      );
    return;
  }
  const given = Object.fromEntries(named.map((key) => [LORA_KEYS[key] ?? key, file[key]]));
  const { target_modules: targets } = given;
  // One name in a list is taken out of it, so that it can be a pattern or all-linear.
  const listed: readonly unknown[] = Array.isArray(targets) ? targets : [];
  const only = listed.length === 1 ? { target_modules: listed[0] } : {};
  draft.adapter = { r: 16, lora_alpha: 32, lora_dropout: 0.05, ...given, ...only };
}

/** Packed weights are computed in the dtype of the model, which is float32 unless it is said. Source: trl trainer/utils.py `get_quantization_config`. */
function readQuantization(file: JsonObject, draft: Draft): void {
  const { load_in_4bit: four, load_in_8bit: eight, dtype = "float32" } = file;
  if (!isOn(four) && !isOn(eight)) return;
  draft.training["dtype"] = dtype;
  if (!isOn(four)) {
    draft.quantization = { load_in_8bit: true };
    return;
  }
  const { bnb_4bit_quant_type: type = "nf4", bnb_4bit_quant_storage: storage } = file;
  draft.quantization = {
    load_in_4bit: true,
    bnb_4bit_quant_type: type,
    bnb_4bit_use_double_quant: isOn(file["use_bnb_nested_quant"]),
    bnb_4bit_compute_dtype: dtype === "auto" ? "bfloat16" : dtype,
    ...(storage === undefined ? {} : { bnb_4bit_quant_storage: storage }),
  };
}
