/** Training settings under the names of TrainingArguments and SFTConfig, checked and complete. */

import { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { JsonObject } from "../../problem/fields.js";
import { isNeutral, oneOfComputed, rejectUncomputed } from "./computed-values.js";
import { ligerLossOf, lossWith, readLiger } from "./liger.js";
import type { LigerSwitches } from "./liger.js";
import {
  IGNORED_PREFERENCE,
  NEUTRAL_PREFERENCE,
  PREFERENCE_NAMES,
  readPreference,
} from "./preference.js";
import type { PreferenceSettings } from "./preference.js";
import { withoutAliases } from "./training-aliases.js";
import {
  IGNORED_TRAINING,
  KNOWN_ATTENTION,
  KNOWN_LOSSES,
  KNOWN_METHODS,
  KNOWN_OPTIMIZERS,
  NEUTRAL_TRAINING,
  OTHER_TRAINERS,
} from "./training-names.js";
import type { Assumption } from "../../model/config.js";

const OPTIMIZERS = [
  "adamw_torch",
  "adamw_torch_fused",
  "adamw_8bit",
  "adamw_bnb_8bit",
  "paged_adamw_32bit",
  "paged_adamw_8bit",
  "adafactor",
  "sgd",
] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

const LOSSES = ["hf", "nll", "chunked_nll", "liger", "cce"] as const;
/** What a step computes its loss by: a loss of SFT, or the trainer's own. */
export type LossName = (typeof LOSSES)[number] | "dpo";

const METHODS = ["sft", "dpo"] as const;
export type Method = (typeof METHODS)[number];

const LOAD_DTYPES = ["float32", "bfloat16", "float16"] as const;
export type LoadDtype = (typeof LOAD_DTYPES)[number];

/** Longest sequence, largest batch, and most tokens of both: beyond any card, but still computed within 2 s. */
const MAX_LENGTH = 2 ** 20;
const MAX_BATCH = 2 ** 16;
const MAX_TOKENS = 2 ** 20;
const MAX_ACCUMULATION = 2 ** 16;

export interface TrainingSettings {
  /** Which of TRL's trainers runs. */
  readonly method: Method;
  /** Sequences per forward pass on one GPU. */
  readonly per_device_train_batch_size: number;
  /** Tokens per sequence after padding or packing. */
  readonly max_length: number;
  readonly gradient_accumulation_steps: number;
  readonly gradient_checkpointing: boolean;
  readonly use_reentrant: boolean;
  readonly optim: OptimizerName;
  /** Forward and loss run under bf16 autocast. */
  readonly bf16: boolean;
  /** Forward and loss run under fp16 autocast, with a loss scaler; excludes `bf16`. */
  readonly fp16: boolean;
  /** Norm to clip gradients to; 0 skips clipping. */
  readonly max_grad_norm: number;
  readonly attn_implementation: "sdpa" | "eager";
  readonly loss: LossName;
  /** The Trainer patches the model with Liger's kernels, its fused loss among them. */
  readonly use_liger_kernel: boolean;
  /** `prepare_model_for_kbit_training` runs before the adapters are added. */
  readonly prepare_kbit: boolean;
  /** dtype the base model is loaded in. */
  readonly dtype: LoadDtype;
  /** dtype of everything trainable; `auto` is what PEFT chooses (fp32 adapters on a 16-bit base). */
  readonly adapter_dtype: "auto" | LoadDtype;
  /** `plain`: a hand-written loop, whose outputs stay alive; `function`: they end with the function that makes a step. */
  readonly loop: "trainer" | "plain" | "function";
  /** The batch contains padding, so a real attention mask is built. */
  readonly padding: boolean;
  /** Weight of the loss that balances experts (TRL); 0 switches it off. Only models with experts look at it. */
  readonly router_aux_loss_coef: number;
  /** What preference trainers have beside these. */
  readonly preference?: PreferenceSettings;
}

/** dtype of autocast; undefined where it is off. */
export function autocastDtype({
  bf16,
  fp16,
}: TrainingSettings): "bfloat16" | "float16" | undefined {
  if (bf16) return "bfloat16";
  return fp16 ? "float16" : undefined;
}

/** What holds when neither the scenario nor a stack profile says otherwise: the defaults of the conformance tracer. */
export const DEFAULT_TRAINING: TrainingSettings = {
  method: "sft",
  per_device_train_batch_size: 1,
  max_length: 1024,
  gradient_accumulation_steps: 1,
  gradient_checkpointing: true,
  use_reentrant: false,
  optim: "adamw_torch_fused",
  bf16: true,
  fp16: false,
  max_grad_norm: 1,
  attn_implementation: "sdpa",
  loss: "chunked_nll",
  use_liger_kernel: false,
  prepare_kbit: false,
  dtype: "bfloat16",
  adapter_dtype: "auto",
  loop: "trainer",
  padding: false,
  router_aux_loss_coef: 0,
};

interface ReadTraining {
  readonly settings: TrainingSettings;
  /** Which of Liger's kernels are on; undefined without them. */
  readonly liger: LigerSwitches | undefined;
  readonly assumed: readonly Assumption[];
  /** Paths of given fields that change neither counts nor memory. */
  readonly ignored: readonly string[];
}

/** Reads `scenario.training`; every value taken from `defaults` is listed in `assumed`. */
export function readTraining(
  given: JsonObject,
  own: TrainingSettings,
  source: string,
): ReadTraining {
  const fields = trainingFields(given);
  const liger = readLiger(fields);
  const defaults = withLigerLoss(own, liger);
  const assumed: Assumption[] = [];
  const or = <Key extends keyof TrainingSettings>(
    key: Key,
    value: TrainingSettings[Key] | undefined,
  ): TrainingSettings[Key] => {
    if (value !== undefined) return value;
    assumed.push({ path: `training.${key}`, value: defaults[key], reason: source });
    return defaults[key];
  };
  const count = (key: CountField, max: number): number =>
    or(key, fields.integer(key, { min: 1, max }));
  const wantsFp16 = fields.boolean("fp16") === true;
  const method = methodOf(given);
  const read: TrainingSettings = {
    method,
    per_device_train_batch_size: count("per_device_train_batch_size", MAX_BATCH),
    max_length: count("max_length", MAX_LENGTH),
    gradient_accumulation_steps: count("gradient_accumulation_steps", MAX_ACCUMULATION),
    gradient_checkpointing: or("gradient_checkpointing", fields.boolean("gradient_checkpointing")),
    use_reentrant: or("use_reentrant", fields.boolean("use_reentrant")),
    optim: or("optim", oneOfComputed(fields, "optim", OPTIMIZERS, KNOWN_OPTIMIZERS)),
    bf16: or("bf16", fields.boolean("bf16") ?? (wantsFp16 ? false : undefined)),
    fp16: or("fp16", fields.boolean("fp16")),
    max_grad_norm: or("max_grad_norm", fields.number("max_grad_norm", { min: 0 })),
    attn_implementation: or(
      "attn_implementation",
      oneOfComputed(fields, "attn_implementation", ["sdpa", "eager"], KNOWN_ATTENTION),
    ),
    loss:
      method === "dpo"
        ? "dpo"
        : or(
            "loss",
            ligerLossOf(fields, liger, oneOfComputed(fields, "loss", LOSSES, KNOWN_LOSSES)),
          ),
    use_liger_kernel: or("use_liger_kernel", fields.boolean("use_liger_kernel")),
    prepare_kbit: or("prepare_kbit", fields.boolean("prepare_kbit")),
    dtype: or("dtype", fields.oneOf("dtype", LOAD_DTYPES)),
    adapter_dtype: or("adapter_dtype", fields.oneOf("adapter_dtype", ["auto", ...LOAD_DTYPES])),
    loop: or("loop", fields.oneOf("loop", ["trainer", "plain", "function"])),
    padding: or("padding", fields.boolean("padding")),
    router_aux_loss_coef:
      fields.number("router_aux_loss_coef", { min: 0 }) ?? defaults.router_aux_loss_coef,
  };
  const padded = paddedTo(read, fields.integer("pad_to_multiple_of", { min: 1, max: MAX_LENGTH }));
  const settings =
    method === "dpo" ? { ...padded, preference: readPreference(fields, padded, assumed) } : padded;
  rejectTooManyTokens(settings);
  rejectTwoPrecisions(settings);
  rejectNoNextToken(settings);
  return { settings, liger, assumed, ignored: ignoredOf(fields) };
}

type CountField = "per_device_train_batch_size" | "max_length" | "gradient_accumulation_steps";

function withLigerLoss(
  defaults: TrainingSettings,
  liger: LigerSwitches | undefined,
): TrainingSettings {
  return liger === undefined ? defaults : { ...defaults, loss: lossWith(liger) };
}

/** The trainer, by what is given before anything else is read: it decides which fields there are. */
function methodOf(given: JsonObject): Method {
  const fields = new Fields(given, "training");
  return oneOfComputed(fields, "method", METHODS, KNOWN_METHODS) ?? "sft";
}

/** The fields under their own names; unknown and uncomputed ones are refused. */
function trainingFields(given: JsonObject): Fields {
  const isPreference = methodOf(given) === "dpo";
  const fields = new Fields(withoutAliases(given, !isPreference), "training");
  const own = isPreference ? PREFERENCE_NAMES : [];
  const others = OTHER_TRAINERS.filter((name) => !own.includes(name));
  fields.rejectUnknown([
    ...Object.keys(DEFAULT_TRAINING),
    ...["pad_to_multiple_of", "liger_kernel_config"],
    ...Object.keys(NEUTRAL_TRAINING),
    ...IGNORED_TRAINING,
    ...OTHER_TRAINERS,
    ...own,
  ]);
  const other = others.find((name) => fields.has(name));
  if (other !== undefined) {
    reject({
      code: "unsupported",
      path: fields.at(other),
      message: `${fields.at(other)} belongs to a trainer other than ${isPreference ? "DPO" : "SFT"}, and has no program here; computed methods are ${METHODS.join(", ")}`,
      received: fields.get(other),
      expected: METHODS,
    });
  }
  rejectUncomputed(fields, NEUTRAL_TRAINING);
  return fields;
}

function ignoredOf(fields: Fields): readonly string[] {
  return Object.keys(fields.values)
    .filter(
      (name) =>
        IGNORED_TRAINING.includes(name) ||
        IGNORED_PREFERENCE.includes(name) ||
        (name === "liger_kernel_config" && fields.get("use_liger_kernel") !== true) ||
        isNeutral(fields, name, NEUTRAL_TRAINING) ||
        isNeutral(fields, name, NEUTRAL_PREFERENCE),
    )
    .map((name) => fields.at(name));
}

/** Batches are padded up to a multiple after they are cut to `max_length`. Source: trl sft_trainer.py collator. */
function paddedTo(settings: TrainingSettings, multiple: number | undefined): TrainingSettings {
  const { max_length: length } = settings;
  if (multiple === undefined || length % multiple === 0) return settings;
  return { ...settings, max_length: Math.ceil(length / multiple) * multiple, padding: true };
}

/** Losses that leave out the last token, which has no next one, before they look at the logits. */
const SHIFTED_FIRST: readonly LossName[] = ["chunked_nll", "liger", "cce", "dpo"];

function rejectNoNextToken({ max_length: length, loss }: TrainingSettings): void {
  if (length > 1 || !SHIFTED_FIRST.includes(loss)) return;
  reject({
    code: "invalid_value",
    path: "training.max_length",
    message: `a sequence of one token has no next token to learn, and ${loss} has no row to compute (PyTorch raises RuntimeError: element 0 of tensors does not require grad); take at least 2`,
    received: length,
    expected: "at least 2",
  });
}

function rejectTwoPrecisions({ bf16, fp16 }: TrainingSettings): void {
  if (!bf16 || !fp16) return;
  reject({
    code: "invalid_value",
    path: "training.fp16",
    message: "training.bf16 and training.fp16 cannot both be true; keep one",
    received: true,
    expected: false,
  });
}

function rejectTooManyTokens(settings: TrainingSettings): void {
  const tokens = settings.per_device_train_batch_size * settings.max_length;
  if (tokens <= MAX_TOKENS) return;
  reject({
    code: "limit_exceeded",
    path: "training.max_length",
    message: `per_device_train_batch_size × max_length is ${tokens} tokens; at most ${MAX_TOKENS} are computed`,
    received: tokens,
    expected: `at most ${MAX_TOKENS}`,
  });
}
