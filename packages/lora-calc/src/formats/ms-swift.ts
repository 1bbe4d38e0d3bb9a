/**
 * ms-swift's YAML or JSON: the arguments of `swift sft`, TrainingArguments of transformers among them.
 *
 * Source: ms-swift 4.6.0 arguments/base_args/*.py, arguments/tuner_args.py, arguments/sft_args.py, trainers/arguments.py,
 * pipelines/train/tuner.py.
 */

import { IGNORED_FIELDS } from "../fields/training-beside.js";
import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, namesIn, shown, targetAllLinear, WORDS_OF_TRAINING } from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";
import { MS_SWIFT_HARMLESS, MS_SWIFT_OTHER } from "./ms-swift-keys.js";

const KEYS: Readonly<Record<string, KeyRow>> = {
  model: "together",
  tuner_type: "together",
  lora_rank: "together",
  lora_alpha: "together",
  lora_dropout: "together",
  target_modules: "together",
  target_regex: "together",
  lora_dtype: "together",
  init_weights: "together",
  quant_method: "together",
  quant_bits: "together",
  bnb_4bit_compute_dtype: "together",
  bnb_4bit_quant_type: "together",
  bnb_4bit_use_double_quant: "together",
  attn_impl: "together",
  packing: "together",
  padding_free: "together",
  lora_bias: { to: "adapter.bias" },
  target_parameters: { to: "adapter.target_parameters" },
  modules_to_save: { to: "adapter.modules_to_save", read: namesIn },
  use_dora: { to: "adapter.use_dora" },
  use_rslora: { to: "adapter.use_rslora" },
  torch_dtype: { to: "training.dtype" },
  max_length: { to: "training.max_length" },
  per_device_train_batch_size: { to: "training.per_device_train_batch_size" },
  gradient_accumulation_steps: { to: "training.gradient_accumulation_steps" },
  gradient_checkpointing: { to: "training.gradient_checkpointing" },
  gradient_checkpointing_kwargs: { to: "training.gradient_checkpointing_kwargs" },
  optim: { to: "training.optim" },
  bf16: { to: "training.bf16" },
  fp16: { to: "training.fp16" },
  max_grad_norm: { to: "training.max_grad_norm" },
  torch_empty_cache_steps: { to: "training.torch_empty_cache_steps" },
  train_type: { now: "tuner_type" },
  sft_type: { now: "tuner_type" },
  quantization_bit: { now: "quant_bits" },
};

/** What a scenario has at its top, and a file of ms-swift has not. */
const OF_A_SCENARIO = ["adapter", "training", "stack", "quantization", "hardware", "schema"];

/** Keys that only ms-swift writes beside `model`. */
const SIGNS = [
  ...["tuner_type", "train_type", "sft_type", "lora_rank", "quant_bits", "use_hf", "torch_dtype"],
  ...["attn_impl", "dataset", "target_modules", "target_regex"],
];

export const MS_SWIFT_FILE: Format = {
  trainer: "ms-swift",
  stack: "ms-swift-4.6",
  recognizes: (file) =>
    typeof file["model"] === "string" &&
    !OF_A_SCENARIO.some((key) => file[key] !== undefined) &&
    SIGNS.some((key) => file[key] !== undefined),
  keys: KEYS,
  harmless: [...MS_SWIFT_HARMLESS, ...Object.keys(IGNORED_FIELDS)],
  other: MS_SWIFT_OTHER,
  neutral: { freeze_vit: true, freeze_aligner: true, tuner_backend: "peft" },
  words: WORDS_OF_TRAINING,
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = file["model"];
    if (file["use_hf"] === undefined)
      finding(
        draft,
        "assumed",
        "use_hf",
        "the model is the Hub's; without use_hf: true ms-swift asks ModelScope for it",
      );
    readTuner(file, draft);
    tellCommas(file, draft);
    readQuantization(file, draft);
    readAttention(file, draft);
  },
};

/** A list of names is a list there, and a text one name. Source: arguments/tuner_args.py, pipelines/train/tuner.py `get_target_modules`. */
function tellCommas(file: JsonObject, draft: Draft): void {
  for (const key of ["target_modules", "modules_to_save"]) {
    const value = file[key];
    if (typeof value !== "string" || !value.includes(",")) continue;
    const list = value.split(",").map((name) => name.trim());
    finding(
      draft,
      "trap",
      key,
      `${key}: ${value} is one name to ms-swift, which no module has; write a list: [${list.join(", ")}]`,
    );
  }
}

/** Source: arguments/tuner_args.py: rank 8, alpha 32, dropout 0.05, every linear layer. */
function readTuner(file: JsonObject, draft: Draft): void {
  const { tuner_type: type = "lora", lora_rank: r = 8, lora_alpha: alpha = 32 } = file;
  if (type === "full") {
    draft.adapter = null;
    return;
  }
  if (type !== "lora")
    finding(
      draft,
      "not_computed",
      "tuner_type",
      `tuner_type ${shown(type)} has no program here; lora and full have`,
    );
  const { lora_dropout: dropout = 0.05, lora_dtype: dtype } = file;
  draft.adapter = {
    ...draft.adapter,
    r,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: targetsOf(file, draft),
    ...initOf(file),
  };
  if (dtype !== undefined && dtype !== null) draft.training["adapter_dtype"] = dtype;
}

function targetsOf(file: JsonObject, draft: Draft): unknown {
  const { target_modules: named = "all-linear", target_regex: pattern } = file;
  if (typeof pattern === "string") return pattern;
  const names = namesIn(named);
  const isAll = Array.isArray(names) && names.length === 1 && names[0] === "all-linear";
  return isAll ? targetAllLinear(draft, "target_modules") : names;
}

/** Source: pipelines/train/tuner.py: true and false are said as words. */
function initOf({ init_weights: init }: JsonObject): JsonObject {
  if (init === undefined || init === null) return {};
  const said = init === "true" ? true : init === "false" ? false : init;
  return { init_lora_weights: said };
}

/** Source: arguments/base_args/quant_args.py `get_quantization_config`. */
function readQuantization(file: JsonObject, draft: Draft): void {
  const { quant_bits: bits, quant_method: method = "bnb" } = file;
  if (bits === undefined || bits === null) return;
  if (method !== "bnb" || (bits !== 4 && bits !== 8)) {
    finding(
      draft,
      "not_computed",
      "quant_bits",
      `${shown(bits)} bits of ${shown(method)} have no program here; 4 and 8 bits of bnb have`,
    );
    return;
  }
  const names = ["bnb_4bit_compute_dtype", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant"];
  const given = names.filter((name) => file[name] !== undefined && file[name] !== null);
  draft.quantization =
    bits === 8
      ? { load_in_8bit: true }
      : { load_in_4bit: true, ...Object.fromEntries(given.map((name) => [name, file[name]])) };
}

/** Source: arguments/base_args/model_args.py; both spellings are taken. */
const ATTENTION: Readonly<Record<string, string>> = {
  sdpa: "sdpa",
  eager: "eager",
  flash_attn: "flash_attention_2",
  flash_attention_2: "flash_attention_2",
};

function readAttention(file: JsonObject, draft: Draft): void {
  const { attn_impl: given } = file;
  const name = given === undefined || given === null ? undefined : shown(given);
  const attention =
    name !== undefined && Object.hasOwn(ATTENTION, name) ? ATTENTION[name] : undefined;
  if (attention !== undefined) draft.training["attn_implementation"] = attention;
  else if (name !== undefined)
    finding(
      draft,
      "not_computed",
      "attn_impl",
      `attn_impl ${name} has no program here; the answer is with the default`,
    );
  const joined = ["packing", "padding_free"].filter((key) => isOn(file[key]));
  for (const key of joined) {
    if (attention === "flash_attention_2") draft.training[key] = true;
    else
      finding(
        draft,
        "not_computed",
        key,
        `${key} is computed under attn_impl: flash_attn; the answer is one of rows apart`,
      );
  }
}
