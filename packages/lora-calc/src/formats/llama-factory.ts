/**
 * LLaMA-Factory's YAML: the fields of its five classes of arguments, TrainingArguments of transformers among them.
 *
 * Source: llamafactory 0.9.5 hparams/*.py, model/loader.py, model/adapter.py, model/model_utils/*.py.
 */

import type { JsonObject } from "../problem/fields.js";
import { IGNORED_FIELDS } from "../fields/training-beside.js";
import {
  finding,
  isOn,
  namesIn,
  namesText,
  shown,
  targetAllLinear,
  WORDS_OF_TRAINING,
} from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";
import { LLAMA_FACTORY_RULES } from "./rules.js";
import { LLAMA_FACTORY_HARMLESS, LLAMA_FACTORY_OTHER } from "./llama-factory-keys.js";

const KEYS: Readonly<Record<string, KeyRow>> = {
  model_name_or_path: "together",
  stage: "together",
  finetuning_type: "together",
  lora_rank: "together",
  lora_alpha: "together",
  lora_target: "together",
  quantization_bit: "together",
  quantization_method: "together",
  quantization_type: "together",
  double_quantization: "together",
  pissa_init: "together",
  pissa_iter: "together",
  flash_attn: "together",
  pure_bf16: "together",
  packing: "together",
  neat_packing: "together",
  use_unsloth: "together",
  lora_dropout: { to: "adapter.lora_dropout" },
  additional_target: { to: "adapter.modules_to_save", read: namesIn, write: namesText },
  use_dora: { to: "adapter.use_dora" },
  use_rslora: { to: "adapter.use_rslora" },
  cutoff_len: { to: "training.max_length" },
  per_device_train_batch_size: { to: "training.per_device_train_batch_size" },
  gradient_accumulation_steps: { to: "training.gradient_accumulation_steps" },
  disable_gradient_checkpointing: {
    to: "training.gradient_checkpointing",
    read: (value) => !isOn(value),
    write: (value) => (value === false ? true : undefined),
  },
  use_reentrant_gc: { to: "training.use_reentrant" },
  bf16: { to: "training.bf16" },
  fp16: { to: "training.fp16" },
  optim: { to: "training.optim" },
  max_grad_norm: { to: "training.max_grad_norm" },
  torch_empty_cache_steps: { to: "training.torch_empty_cache_steps" },
  evaluation_strategy: { now: "eval_strategy" },
};

const OWN_SIGNS = [
  "stage",
  "finetuning_type",
  "template",
  "lora_rank",
  "lora_target",
  "cutoff_len",
];
/** A file of TRL may have one of those by mistake. */
const SIGNS_OF_TRL = [
  "use_peft",
  "dataset_name",
  "lora_r",
  "lora_target_modules",
  "max_length",
  "load_in_4bit",
];

function has(names: readonly string[], file: JsonObject): number {
  return names.filter((name) => file[name] !== undefined).length;
}

export const LLAMA_FACTORY_FILE: Format = {
  trainer: "LLaMA-Factory",
  stack: "llama-factory-0.9",
  recognizes: (file) =>
    typeof file["model_name_or_path"] === "string" &&
    has(OWN_SIGNS, file) > 0 &&
    has(OWN_SIGNS, file) >= has(SIGNS_OF_TRL, file),
  keys: KEYS,
  harmless: [...LLAMA_FACTORY_HARMLESS, ...Object.keys(IGNORED_FIELDS)],
  other: LLAMA_FACTORY_OTHER,
  neutral: { freeze_vision_tower: true, freeze_multi_modal_projector: true },
  words: WORDS_OF_TRAINING,
  rules: LLAMA_FACTORY_RULES,
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = file["model_name_or_path"];
    readStage(file, draft);
    readAdapter(file, draft);
    readQuantization(file, draft);
    readAttention(file, draft);
    readPacking(file, draft);
    readPrecision(file, draft);
    if (isOn(file["use_unsloth"]))
      finding(
        draft,
        "not_computed",
        "use_unsloth",
        "use_unsloth has no program here; the answer is of LLaMA-Factory's own loader",
      );
  },
};

function readStage({ stage }: JsonObject, draft: Draft): void {
  if (stage === undefined || stage === null || stage === "sft" || stage === "pt") return;
  finding(
    draft,
    "not_computed",
    "stage",
    `stage ${shown(stage)} has no program under LLaMA-Factory here; the answer is one of supervised fine-tuning`,
  );
}

/** Source: hparams/finetuning_args.py (rank 8, alpha twice the rank, every linear layer), model/adapter.py `_setup_lora_tuning`. */
function readAdapter(file: JsonObject, draft: Draft): void {
  const { finetuning_type: type = "lora", lora_rank: rank = 8, lora_target: target = "all" } = file;
  if (type === "full") {
    draft.adapter = null;
    return;
  }
  // What it stops at is told beside this.
  if (type !== "lora" && type !== "qlora") {
    finding(
      draft,
      "not_computed",
      "finetuning_type",
      `finetuning_type ${shown(type)} has no program here; lora and full have`,
    );
  }
  const { lora_alpha: alpha, pissa_init: pissa, pissa_iter: rounds } = file;
  const names = namesIn(target);
  const isAll = Array.isArray(names) && names.length === 1 && names[0] === "all";
  const steps = typeof rounds === "number" ? rounds : 16;
  draft.adapter = {
    ...draft.adapter,
    r: rank,
    lora_alpha: alpha ?? (typeof rank === "number" ? 2 * rank : undefined),
    target_modules: isAll ? targetAllLinear(draft, "lora_target") : names,
    ...(isOn(pissa) ? { init_lora_weights: steps < 0 ? "pissa" : `pissa_niter_${steps}` } : {}),
  };
}

/** Source: hparams/model_args.py `QuantizationArguments`, model/model_utils/quantization.py `configure_quantization`. */
function readQuantization(file: JsonObject, draft: Draft): void {
  const { quantization_bit: bits, quantization_method: method = "bnb" } = file;
  if (bits === undefined || bits === null) return;
  if (isOn(file["pissa_init"]))
    finding(
      draft,
      "trap",
      "pissa_init",
      "LLaMA-Factory stops at pissa_init on a quantized model (ValueError: Please use scripts/pissa_init.py to initialize PiSSA for a quantized model)",
    );
  if ((method !== "bnb" && method !== "bitsandbytes") || (bits !== 4 && bits !== 8)) {
    finding(
      draft,
      "not_computed",
      "quantization_bit",
      `${shown(bits)} bits of ${shown(method)} have no program here; 4 and 8 bits of bnb have`,
    );
    return;
  }
  if (bits === 8) {
    draft.quantization = { load_in_8bit: true };
    return;
  }
  const { quantization_type: type, double_quantization: twice } = file;
  draft.quantization = {
    load_in_4bit: true,
    ...(type === undefined ? {} : { bnb_4bit_quant_type: type }),
    ...(twice === undefined ? {} : { bnb_4bit_use_double_quant: twice }),
  };
}

/** Source: model/model_utils/attention.py. */
const ATTENTION: Readonly<Record<string, string | undefined>> = {
  auto: undefined,
  disabled: "eager",
  sdpa: "sdpa",
  fa2: "flash_attention_2",
};

function readAttention({ flash_attn: given }: JsonObject, draft: Draft): void {
  if (given === undefined || given === null) return;
  if (given === true || given === false) {
    const now = given ? "fa2" : "disabled";
    finding(
      draft,
      "old_key",
      "flash_attn",
      `flash_attn: ${shown(given)} is an old value; it is ${now} now`,
    );
    draft.training["attn_implementation"] = ATTENTION[now];
    return;
  }
  const name = shown(given);
  if (!Object.hasOwn(ATTENTION, name))
    finding(
      draft,
      "not_computed",
      "flash_attn",
      `flash_attn ${name} has no program here; the answer is with sdpa`,
    );
  else if (ATTENTION[name] !== undefined) draft.training["attn_implementation"] = ATTENTION[name];
}

/** Source: data/processor/supervised.py `PackedSupervisedDatasetProcessor`: packed rows are full; neat packing tells their sequences apart. */
function readPacking(
  { neat_packing: neat, flash_attn: attention }: JsonObject,
  draft: Draft,
): void {
  if (!isOn(neat)) return;
  if (attention === "fa2") draft.training["packing"] = true;
  else
    finding(
      draft,
      "not_computed",
      "neat_packing",
      "neat packing is computed under flash_attn: fa2; the answer is one of full rows of one sequence",
    );
}

function readPrecision(file: JsonObject, { training }: Draft): void {
  if (isOn(file["pure_bf16"])) training["bf16"] = false;
}
