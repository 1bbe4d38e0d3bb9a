/** Training settings under the names of TrainingArguments and SFTConfig, checked and complete. */

import { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { JsonObject } from "../../problem/fields.js";
import { isNeutral, readField, readFields, rejectUncomputed } from "../../fields/read.js";
import type { Given } from "../../fields/read.js";
import { DPO_FIELDS, TRAINING_FIELDS } from "../../fields/scenario.js";
import type { FieldTable } from "../../fields/row.js";
import type { LoadDtype, StepValues } from "../../fields/step.js";
import { MORE_STEP_FIELDS, STEP_FIELDS } from "../../fields/training.js";
import { ONLY_FIELDS, OTHER_TRAINER_FIELDS } from "../../fields/training-beside.js";
import { ONLY_PREFERENCE_FIELDS } from "../../fields/preference.js";
import type { Assumption } from "../../model/config.js";
import { ligerLossOf, lossWith, readLiger } from "./liger.js";
import type { LigerSwitches } from "./liger.js";
import { readLengths } from "./lengths.js";
import type { Lengths, ReadLengths } from "./lengths.js";
import { readPacking } from "./packing.js";
import { readPreference } from "./preference.js";
import type { PreferenceSettings } from "./preference.js";
import { withoutAliases } from "./training-aliases.js";
import { rejectContradictions } from "./training-rules.js";
import type { UnslothUse } from "./unsloth-use.js";

export type OptimizerName = StepValues["optim"];
/** What a step computes its loss by: a loss of SFT, or the trainer's own. */
export type LossName = StepValues["loss"] | "dpo";
export type Method = StepValues["method"];

export interface TrainingSettings extends Omit<StepValues, "loss"> {
  readonly loss: LossName;
  /** What preference trainers have beside these. */
  readonly preference?: PreferenceSettings;
  /** DoRA's magnitudes stay float32, whatever `adapter_dtype` is. */
  readonly keepsMagnitudes?: true;
  /** TRL scores tokens with a fused head; else by logits. */
  readonly fusesHead?: true;
  /** A model that trains as a whole is made float32 once it is loaded. */
  readonly castsWhole?: true;
  /** Packed batches say where their sequences start. */
  readonly handsStarts?: true;
  /** Norms and embeddings are float32 for a while between load and adapters. */
  readonly castsBack?: true;
  /** The allocator gives back what is free once all is loaded. */
  readonly emptiesCache?: true;
  /** Where batches are not all as long: `max_length` is then the longest. */
  readonly lengths?: Lengths;
  /** Every so many steps the allocator gives back what is free, between forward and backward of each micro-batch. */
  readonly emptiesCacheEvery?: number;
  /** What embeddings give requires gradients beside adapters, without checkpoints, too. */
  readonly inputsRequireGrad?: true;
  /** Axolotl's LoRA kernels run, on these types. */
  readonly fusesLora?: readonly string[];
  /** The head sees the tokens that predict a label alone (ms-swift). */
  readonly keepsLabelled?: true;
  /** Batches without padding bring an attention mask, too. */
  readonly passesMask?: true;
  /** Unsloth's forwards run in place of transformers'. */
  readonly unsloth?: UnslothUse;
  /** LitGPT's model runs, by its loop. */
  readonly litgpt?: { readonly blockSize: number };
}

/** dtype of autocast; undefined where it is off. */
export function autocastDtype({
  bf16,
  fp16,
}: TrainingSettings): "bfloat16" | "float16" | undefined {
  if (bf16) return "bfloat16";
  return fp16 ? "float16" : undefined;
}

export interface ReadTraining {
  readonly settings: TrainingSettings;
  /** Which of Liger's kernels are on; undefined without them. */
  readonly liger: LigerSwitches | undefined;
  readonly assumed: readonly Assumption[];
  /** Paths of given fields that change neither counts nor memory. */
  readonly ignored: readonly string[];
}

/** Where the values come from that are not given. */
interface Defaults {
  readonly own: StepValues;
  /** dtype of the checkpoint, which `auto` loads it in. */
  readonly published?: LoadDtype;
  /** As `assumed` names it. */
  readonly source: string;
  /** TRL's trainers score tokens with a fused head. */
  readonly fusesHead?: boolean;
  /** DoRA's magnitudes stay float32 where the adapters are cast by default. */
  readonly keepsMagnitudes?: boolean;
  /** Adapters get the dtype of the base they are added to. */
  readonly adaptersFollow?: boolean;
  /** The trainer's batches bring an attention mask, and the release asks whether they do. */
  readonly passesMask?: boolean;
  /** Full fine-tuning makes the model float32. */
  readonly castsWhole?: boolean;
  /** What the stack does about memory in its own way, as settings of the run. */
  readonly habits?: Partial<TrainingSettings>;
  /** Its packed batches say where their sequences start. */
  readonly handsStarts?: boolean;
  /** The trainer's collator pads batches up to a multiple of so many tokens, where nobody says of how many. */
  readonly padsTo?: number;
}

/** Reads `scenario.training`; every value taken from `own` is listed in `assumed`. */
export function readTraining(given: JsonObject, defaults: Defaults): ReadTraining {
  const { own, published = own.dtype, source, fusesHead = false } = defaults;
  const fields = trainingFields(given, fusesHead);
  const liger = readLiger(fields, own.loss);
  const { dtype, ...plain } = askedOf(fields, liger);
  const isAuto = dtype === "auto";
  const asked = { ...plain, ...(dtype === undefined ? {} : { dtype: isAuto ? published : dtype }) };
  const followsFp16 = asked.fp16 === true && asked.bf16 === undefined;
  const usual = {
    ...own,
    ...(defaults.adaptersFollow === true ? { adapter_dtype: asked.dtype ?? own.dtype } : {}),
    ...(liger === undefined ? {} : { loss: lossWith(liger, own.loss) }),
    ...(followsFp16 ? { bf16: false } : {}),
  };
  const assumed = STEP_NAMES.filter(
    (name) => asked[name] === undefined && !UNSAID.includes(name),
  ).map((name): Assumption => {
    const reason = name === "bf16" && followsFp16 ? "fp16 is the autocast" : source;
    return { path: `training.${name}`, value: usual[name], reason };
  });
  const isDpo = asked.method === "dpo";
  const read: TrainingSettings = { ...usual, ...asked, ...(isDpo ? { loss: "dpo" } : {}) };
  const multiple = readField(fields, "pad_to_multiple_of", MORE_STEP_FIELDS.pad_to_multiple_of);
  const isGiven = asked.packed_sequences !== undefined;
  const { torch_empty_cache_steps: emptyCacheRow } = MORE_STEP_FIELDS;
  const emptiesCacheEvery = readField(fields, "torch_empty_cache_steps", emptyCacheRow);
  const packing = readPacking(fields, read, isGiven);
  const padsTo = packing.sequences > 0 ? undefined : (multiple ?? defaults.padsTo);
  const cut = { maxLength: asked.max_length, usual: usual.max_length };
  const varied = readLengths(fields, { ...cut, multiple: padsTo ?? 1 });
  const padded = {
    ...paddedTo(asLong(read, varied), padsTo),
    packed_sequences: packing.sequences,
  };
  const preference = isDpo ? readPreference(fields, padded) : undefined;
  const settings: TrainingSettings = {
    ...padded,
    ...(preference === undefined ? {} : { preference: preference.settings }),
    ...habitsOf(defaults, asked.adapter_dtype === undefined),
    ...defaults.habits,
    ...(emptiesCacheEvery === undefined ? {} : { emptiesCacheEvery }),
  };
  rejectContradictions(settings);
  return {
    ...{ settings, liger, ignored: ignoredOf(fields) },
    assumed: [
      ...assumed.filter(({ path }) => !isDpo || path !== "training.loss").filter(notIn(varied)),
      ...packing.assumed,
      ...varied.assumed,
      ...(isAuto ? [{ path: "training.dtype", value: published, reason: AUTO_REASON }] : []),
      ...(preference?.assumed ?? []),
    ],
  };
}

/** What holds of a trainer as a setting of the run; an adapter dtype that is given casts magnitudes, too. */
function habitsOf(
  { fusesHead, keepsMagnitudes, passesMask, castsWhole, handsStarts }: Defaults,
  keepsDtype: boolean,
): Partial<TrainingSettings> {
  return {
    ...(keepsMagnitudes === true && keepsDtype ? { keepsMagnitudes } : {}),
    ...(fusesHead === true ? { fusesHead } : {}),
    ...(passesMask === true ? { passesMask } : {}),
    ...(castsWhole === true ? { castsWhole } : {}),
    ...(handsStarts === true ? { handsStarts } : {}),
  };
}

const AUTO_REASON =
  "auto is the dtype of config.json, else that of the first weights of the header, else bfloat16";

const STEP_NAMES = Object.keys(STEP_FIELDS) as readonly (keyof StepValues)[];

/** What goes without saying: a trainer that nobody named, and a weight that few models look at. */
const UNSAID: readonly (keyof StepValues)[] = [
  ...(["method", "router_aux_loss_coef", "set_to_none", "selective_checkpointing"] as const),
  "packed_sequences",
];

/** What is given, and what follows from it. */
function askedOf(fields: Fields, liger: LigerSwitches | undefined): Given<typeof STEP_FIELDS> {
  const asked = readFields(fields, STEP_FIELDS);
  const loss = asked.method === "dpo" ? undefined : ligerLossOf(fields, liger, asked.loss);
  delete asked.loss;
  return loss === undefined ? asked : { ...asked, loss };
}

/** The trainer, by what is given before anything else is read: it decides which fields there are. */
function methodOf(given: JsonObject): Method {
  return readField(new Fields(given, "training"), "method", STEP_FIELDS.method) ?? "sft";
}

const TRAINING_NAMES = Object.keys(TRAINING_FIELDS);

function isOfOther(name: string, isDpo: boolean): boolean {
  return Object.hasOwn(OTHER_TRAINER_FIELDS, name) || (!isDpo && Object.hasOwn(DPO_FIELDS, name));
}

/** The fields under their own names; unknown and uncomputed ones are refused. */
function trainingFields(given: JsonObject, fusesHead: boolean): Fields {
  const isDpo = methodOf(given) === "dpo";
  const sft = fusesHead ? "sft_fused" : "sft";
  const fields = new Fields(withoutAliases(given, isDpo ? "other" : sft), "training");
  fields.rejectUnknown(TRAINING_NAMES);
  const other = Object.keys(fields.values).find(
    (name) => fields.has(name) && isOfOther(name, isDpo),
  );
  if (other !== undefined) {
    const methods = STEP_FIELDS.method.type.values;
    reject({
      code: "unsupported",
      path: fields.at(other),
      message: `${fields.at(other)} belongs to a trainer other than ${isDpo ? "DPO" : "SFT"}, and has no program here; computed methods are ${methods.join(", ")}`,
      received: fields.get(other),
      expected: methods,
    });
  }
  rejectUncomputed(fields, ONLY_FIELDS);
  return fields;
}

function ignoredOf(fields: Fields): readonly string[] {
  const rows: FieldTable = TRAINING_FIELDS;
  return Object.keys(fields.values)
    .filter(
      (name) =>
        rows[name]?.changes === "nothing" ||
        (name === "liger_kernel_config" && fields.get("use_liger_kernel") !== true) ||
        isNeutral(fields, name, ONLY_FIELDS) ||
        isNeutral(fields, name, ONLY_PREFERENCE_FIELDS),
    )
    .map((name) => fields.at(name));
}

/** With the longest batch as its length. */
function asLong(settings: TrainingSettings, { lengths, isPadded }: ReadLengths): TrainingSettings {
  if (lengths === undefined) return settings;
  const padding = settings.padding || isPadded;
  return { ...settings, max_length: Math.max(...lengths.turns), lengths, padding };
}

/** What is not assumed anew elsewhere. */
function notIn({ assumed }: ReadLengths) {
  return ({ path }: Assumption): boolean => !assumed.some((other) => other.path === path);
}

/** Batches are padded up to a multiple after they are cut to `max_length`. Source: trl sft_trainer.py collator. */
function paddedTo(settings: TrainingSettings, multiple: number | undefined): TrainingSettings {
  const { max_length: length } = settings;
  if (multiple === undefined || length % multiple === 0) return settings;
  return { ...settings, max_length: Math.ceil(length / multiple) * multiple, padding: true };
}
