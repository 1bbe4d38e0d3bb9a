/** What a trainer stops at when it reads a file: keys that exclude each other, and values that it does not take. */

import type { JsonObject } from "../problem/fields.js";
import { finding, isOn } from "./format.js";
import type { Draft, Rule } from "./format.js";

export function tellBroken(rules: readonly Rule[], file: JsonObject, draft: Draft): void {
  for (const { key, isBroken, message } of rules)
    if (isBroken(file)) finding(draft, "trap", key, message);
}

const isSaid = (value: unknown): boolean => value !== undefined && value !== null;
const isAbove0 = (value: unknown): boolean => typeof value === "number" && value > 0;

/** Both 16-bit formats: transformers' TrainingArguments, in every trainer that has them. Source: training_args.py `__post_init__`. */
const ONE_HALF: Rule = {
  key: "fp16",
  isBroken: ({ bf16, fp16 }) => bf16 === true && isOn(fp16),
  message: "bf16 and fp16 exclude each other; leave one out",
};

const PREFERENCES = ["dpo", "kto", "orpo"];
const SHORT_ATTENTION: Readonly<Record<string, string>> = {
  ...{
    flash: "flash_attention_2",
    flash2: "flash_attention_2",
    sdp: "sdpa",
    flex: "flex_attention",
  },
};

const OLD_SWITCHES = [
  ...["flash_attention", "sdp_attention", "xformers_attention", "flex_attention", "sage_attention"],
  "eager_attention",
];

/** Each was tried with the schema of Axolotl 0.19.0 (utils/schemas/validation.py), which refuses it. */
export const AXOLOTL_RULES: readonly Rule[] = [
  {
    key: "warmup_ratio",
    isBroken: ({ warmup_ratio: ratio, warmup_steps: steps }) => isSaid(ratio) && isSaid(steps),
    message: "warmup_ratio and warmup_steps exclude each other; leave one out",
  },
  {
    key: "load_in_4bit",
    isBroken: (file) => file["adapter"] === "qlora" && !isOn(file["load_in_4bit"]),
    message: "adapter: qlora needs load_in_4bit: true",
  },
  {
    key: "load_in_8bit",
    isBroken: (file) => file["adapter"] === "qlora" && isOn(file["load_in_8bit"]),
    message: "adapter: qlora takes no 8 bits; they go with adapter: lora",
  },
  {
    key: "merge_lora",
    isBroken: (file) => isOn(file["merge_lora"]) && isOn(file["load_in_4bit"]),
    message: "merge_lora: true does not go with 4 bits",
  },
  {
    key: "sample_packing",
    isBroken: (file) => isOn(file["sample_packing"]) && PREFERENCES.includes(String(file["rl"])),
    message: "sample_packing does not go with rl; leave it out",
  },
  {
    key: "lora_dropout",
    isBroken: (file) => isAbove0(file["lora_dropout"]) && isSaid(file["lora_target_parameters"]),
    message: "lora_dropout has to be 0 with lora_target_parameters",
  },
  {
    key: "optimizer",
    isBroken: (file) =>
      file["fsdp_version"] === 2 &&
      ["adamw_8bit", "adamw_bnb_8bit"].includes(String(file["optimizer"])),
    message: "FSDP2 does not take bitsandbytes' 8-bit Adam; adamw_torch_8bit it does",
  },
  {
    key: "fsdp_version",
    isBroken: (file) =>
      file["fsdp_version"] === 2 &&
      PREFERENCES.includes(String(file["rl"])) &&
      (isOn(file["load_in_4bit"]) || isOn(file["load_in_8bit"])),
    message: "FSDP2 takes no packed weights with rl; take DeepSpeed, or no bits",
  },
  {
    key: "attn_implementation",
    isBroken: ({ attn_implementation: name }) =>
      typeof name === "string" && name in SHORT_ATTENTION,
    message:
      "attn_implementation takes the whole name: flash_attention_2, sdpa, flex_attention, eager",
  },
  {
    key: "attn_implementation",
    isBroken: (file) =>
      isSaid(file["attn_implementation"]) && OLD_SWITCHES.some((key) => isOn(file[key])),
    message: `attn_implementation does not go with the switches that it replaces; leave ${OLD_SWITCHES.slice(0, 2).join(", ")} … out`,
  },
  {
    key: "save_safetensors",
    isBroken: (file) => file["save_safetensors"] === false,
    message: "save_safetensors: false is gone with transformers 5; leave it out",
  },
  {
    key: "s2_attention",
    isBroken: (file) => isOn(file["s2_attention"]),
    message: "s2_attention is gone; leave it out",
  },
  {
    key: "eval_steps",
    isBroken: (file) =>
      file["val_set_size"] === 0 && isSaid(file["eval_steps"]) && !isSaid(file["test_datasets"]),
    message: "eval_steps needs a val_set_size above 0, or test_datasets",
  },
];

/** Each was tried with the parser of LLaMA-Factory 0.9.5 (hparams/parser.py), which refuses it. */
export const LLAMA_FACTORY_RULES: readonly Rule[] = [
  ONE_HALF,
  {
    key: "finetuning_type",
    isBroken: (file) => file["finetuning_type"] === "qlora",
    message: "finetuning_type has no qlora; it is lora with quantization_bit: 4",
  },
  {
    key: "quantization_bit",
    isBroken: (file) =>
      isSaid(file["quantization_bit"]) &&
      ["full", "freeze"].includes(String(file["finetuning_type"])),
    message: "quantization_bit goes with finetuning_type: lora or oft alone",
  },
  {
    key: "pissa_init",
    isBroken: (file) => isOn(file["pissa_init"]) && PREFERENCES.includes(String(file["stage"])),
    message: "pissa_init does not go with this stage",
  },
  {
    key: "streaming",
    isBroken: (file) => isOn(file["streaming"]) && !isAbove0(file["max_steps"]),
    message: "streaming needs max_steps",
  },
  {
    key: "val_size",
    isBroken: (file) => isAbove0(file["val_size"]) && isSaid(file["eval_dataset"]),
    message: "val_size and eval_dataset exclude each other; leave one out",
  },
  {
    key: "mask_history",
    isBroken: (file) => isOn(file["mask_history"]) && isOn(file["train_on_prompt"]),
    message: "mask_history and train_on_prompt exclude each other",
  },
];

/** Each was tried with the parser of TRL 1.13, which refuses it. */
export const TRL_RULES: readonly Rule[] = [
  ONE_HALF,
  {
    key: "load_in_8bit",
    isBroken: (file) => isOn(file["load_in_4bit"]) && isOn(file["load_in_8bit"]),
    message: "load_in_4bit and load_in_8bit exclude each other; leave one out",
  },
];
