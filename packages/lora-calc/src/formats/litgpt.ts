/**
 * LitGPT's YAML for `litgpt finetune_lora --config`: the parameters of its `setup`, nested where they are classes.
 *
 * Source: litgpt 0.5.13 finetune/lora.py `setup`, args.py `TrainArgs`, utils.py `instantiate_torch_optimizer`.
 */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { finding, isOn, shown } from "./format.js";
import type { Draft, Format, KeyRow } from "./format.js";

const KEYS: Readonly<Record<string, KeyRow>> = {
  checkpoint_dir: "together",
  precision: "together",
  quantize: "together",
  devices: "together",
  num_nodes: "together",
  lora_r: "together",
  lora_alpha: "together",
  lora_dropout: "together",
  lora_query: "together",
  lora_key: "together",
  lora_value: "together",
  lora_projection: "together",
  lora_mlp: "together",
  lora_head: "together",
  train: "together",
  optimizer: "together",
};

export const LITGPT_FILE: Format = {
  trainer: "LitGPT",
  stack: "litgpt-0.5",
  recognizes: (file) =>
    typeof file["checkpoint_dir"] === "string" && file["checkpointer"] === undefined,
  keys: KEYS,
  harmless: ["out_dir", "data", "log", "eval", "logger_name", "seed", "access_token"],
  other: [],
  unknownAre: "refused",
  together: (file, draft) => {
    draft.model = modelOf(file["checkpoint_dir"]);
    draft.adapter = adapterOf(file);
    readPrecision(file, draft);
    readQuantize(file, draft);
    readTrain(file, draft);
    readOptimizer(file, draft);
    readRates(file, draft);
  },
};

/** Checkpoints lie in folders named as the repository: checkpoints/owner/name. */
function modelOf(folder: unknown): string {
  const parts = shown(folder)
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  return parts.slice(-2).join("/");
}

/** Which modules of transformers a switch stands for. Source: litgpt lora.py, scripts/convert_hf_checkpoint.py. */
export const LITGPT_MODULES: Readonly<Record<string, readonly string[]>> = {
  lora_query: ["q_proj"],
  lora_key: ["k_proj"],
  lora_value: ["v_proj"],
  lora_projection: ["o_proj"],
  lora_mlp: ["gate_proj", "up_proj", "down_proj"],
  lora_head: ["lm_head"],
};
const ON_BY_DEFAULT = ["lora_query", "lora_value"];

function adapterOf(file: JsonObject): Record<string, unknown> {
  const { lora_r: r = 8, lora_alpha: alpha = 16, lora_dropout: dropout = 0.05 } = file;
  const isAdapted = (key: string): boolean =>
    file[key] === undefined ? ON_BY_DEFAULT.includes(key) : isOn(file[key]);
  const targets = Object.entries(LITGPT_MODULES).flatMap(([key, names]) =>
    isAdapted(key) ? names : [],
  );
  return { r, lora_alpha: alpha, lora_dropout: dropout, target_modules: targets };
}

/** Source: lightning fabric's precisions; without one bf16-mixed where the card has it. */
export const LITGPT_PRECISIONS: Readonly<Record<string, JsonObject>> = {
  "bf16-true": { dtype: "bfloat16" },
  "16-true": { dtype: "float16" },
  "32-true": { dtype: "float32", bf16: false },
  "bf16-mixed": { dtype: "float32", bf16: true },
  "16-mixed": { dtype: "float32", fp16: true },
};

function readPrecision({ precision }: JsonObject, draft: Draft): void {
  if (precision === undefined || precision === null) return;
  const name = shown(precision);
  if (Object.hasOwn(LITGPT_PRECISIONS, name))
    Object.assign(draft.training, LITGPT_PRECISIONS[name]);
  else finding(draft, "not_computed", "precision", `precision ${name} has no program here`);
}

/** Source: litgpt finetune/lora.py: bnb.nf4, bnb.nf4-dq, bnb.fp4, bnb.fp4-dq; int8-training by other kernels. */
const QUANTIZE = /^bnb\.(nf4|fp4)(-dq)?$/;

function readQuantize({ quantize }: JsonObject, draft: Draft): void {
  if (quantize === undefined || quantize === null) return;
  const found = QUANTIZE.exec(shown(quantize));
  if (found === null) {
    finding(
      draft,
      "not_computed",
      "quantize",
      `quantize ${shown(quantize)} has no program here; bnb.nf4 and bnb.fp4 have, and with -dq`,
    );
    return;
  }
  const [, type, twice] = found;
  draft.quantization = {
    load_in_4bit: true,
    bnb_4bit_quant_type: type,
    bnb_4bit_use_double_quant: twice !== undefined,
  };
}

/** Keys of TrainArgs that change no step. */
const OF_THE_RUN = [
  ...["save_interval", "log_interval", "lr_warmup_steps", "lr_warmup_fraction", "epochs"],
  ...["max_tokens", "max_steps", "max_time", "min_lr"],
];
const READ = ["global_batch_size", "micro_batch_size", "max_seq_length", "max_norm"];

function readTrain(file: JsonObject, draft: Draft): void {
  const train = isObject(file["train"]) ? file["train"] : {};
  const { global_batch_size: total = 16, micro_batch_size: micro = 1 } = train;
  const cards = readCards(file, draft);
  draft.training["per_device_train_batch_size"] = micro;
  if (typeof total === "number" && typeof micro === "number")
    draft.training["gradient_accumulation_steps"] = Math.max(1, Math.floor(total / cards / micro));
  const { max_seq_length: length, max_norm: norm } = train;
  if (length !== undefined && length !== null) draft.training["max_length"] = length;
  if (norm !== undefined && norm !== null) draft.training["max_grad_norm"] = norm;
  for (const key of Object.keys(train)) {
    const value = train[key];
    if (OF_THE_RUN.includes(key) || READ.includes(key) || value === null || value === false)
      continue;
    if (key === "tie_embeddings")
      finding(
        draft,
        "not_computed",
        "train.tie_embeddings",
        "tied embeddings have no program under LitGPT here",
      );
    else
      draft.findings.push({
        ...{ level: "error", code: "unknown_key", key: `train.${key}` },
        message: `LitGPT does not know train.${key} and refuses it`,
      });
  }
}

/** Names of TrainArgs, and of TrainingArguments. */
const RATES = {
  epochs: "num_train_epochs",
  max_steps: "max_steps",
  lr_warmup_steps: "warmup_steps",
};

/** They are kept for what is written from the scenario. */
function readRates(file: JsonObject, { training }: Draft): void {
  const train = isObject(file["train"]) ? file["train"] : {};
  const optimizer = isObject(file["optimizer"]) ? file["optimizer"] : {};
  const given = isObject(optimizer["init_args"]) ? optimizer["init_args"] : {};
  const rates: JsonObject = {
    ...Object.fromEntries(Object.entries(RATES).map(([own, name]) => [name, train[own]])),
    ...{ learning_rate: given["lr"], weight_decay: given["weight_decay"] },
    ...{ output_dir: file["out_dir"], seed: file["seed"] },
  };
  for (const [name, value] of Object.entries(rates))
    if (value !== undefined && value !== null) training[name] = value;
}

/** Cards that take part. */
function readCards({ devices, num_nodes: nodes }: JsonObject, draft: Draft): number {
  const cards =
    (typeof devices === "number" ? devices : 1) * (typeof nodes === "number" ? nodes : 1);
  if (cards > 1) draft.hardware["count"] = cards;
  return cards;
}

/** Source: litgpt utils.py `instantiate_torch_optimizer`, `instantiate_bnb_optimizer`: beside packed weights PagedAdamW. */
const OPTIMIZERS: Readonly<Record<string, string>> = {
  AdamW: "adamw_torch",
  "torch.optim.AdamW": "adamw_torch",
  SGD: "sgd",
  "torch.optim.SGD": "sgd",
};

function readOptimizer({ optimizer }: JsonObject, draft: Draft): void {
  if (optimizer === undefined || optimizer === null || draft.quantization !== null) return;
  const name = shown(isObject(optimizer) ? optimizer["class_path"] : optimizer);
  if (Object.hasOwn(OPTIMIZERS, name)) draft.training["optim"] = OPTIMIZERS[name];
  else
    finding(
      draft,
      "not_computed",
      "optimizer",
      `optimizer ${name} has no program under LitGPT here; the answer is with AdamW`,
    );
}
