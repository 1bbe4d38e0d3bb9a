/** The file of a trainer, key by key: what each key means here. One table per trainer; reading and writing both go by it. */

import { knownModel } from "../catalogue/models.js";
import type { JsonObject } from "../problem/fields.js";
import type { StackId } from "../stacks/stacks.js";
import type { SectionName } from "../fields/section-names.js";

/** A field of the scenario, `section.name`. */
export type FieldPath = `${Exclude<SectionName, "model" | "versions">}.${string}`;

/** A key that says one field of the scenario; another spelling of the value goes through `read`. */
export interface FieldKey {
  readonly to: FieldPath;
  /** What the field is for a value of the key; undefined leaves the field to the stack. */
  readonly read?: (value: unknown) => unknown;
  /** What the key is for a value of the field, where that is another; undefined leaves the key out. */
  readonly write?: (value: unknown) => unknown;
}

/** An old name, and the one in its place. */
interface OldKey {
  readonly now: string;
  /** The value under the new name. */
  readonly read?: (value: unknown) => unknown;
}

/** What keys say together is read by the format itself. */
export type KeyRow = FieldKey | OldKey | "together";

/** Keys that exclude each other, and values that a trainer does not take. */
export interface Rule {
  /** The key that is to blame. */
  readonly key: string;
  readonly isBroken: (file: JsonObject) => boolean;
  /** What happens, and how it is mended. */
  readonly message: string;
}

export interface Format {
  /** The trainer, as its users call it. */
  readonly trainer: string;
  /** Undefined where nothing but counts is known of it. */
  readonly stack: StackId | undefined;
  /** Keys within keys stand with dots between, `lora.lora_r`. */
  readonly isNested?: boolean;
  /** Whether a file is one of this trainer's. */
  readonly recognizes: (file: JsonObject) => boolean;
  readonly keys: Readonly<Record<string, KeyRow>>;
  /** Keys that change neither counts nor memory; `wandb_*` are all that begin so. */
  readonly harmless: readonly string[];
  /** Keys whose value is a word: a bare no or off is false to Python's YAML, and the trainer stops at it. */
  readonly words?: readonly string[];
  /** Keys that releases before the one that is computed had, which stops at them. */
  readonly gone?: readonly string[];
  /** Of the harmless, those that TrainingArguments has under another name, and that name. */
  readonly rates?: Readonly<Record<string, string>>;
  /** Other keys that the trainer knows: at a value that is not `neutral` they may change the answer, and are named. */
  readonly other: readonly string[];
  /** Values at which a key of `other` does nothing, where that is not null, false, 0 or empty. */
  readonly neutral?: JsonObject;
  /** What it stops at. */
  readonly rules?: readonly Rule[];
  /** What the trainer does with a key that it does not know. */
  readonly unknownAre: "refused" | "dropped";
  /** What the keys that stand together say, those that are null left out. */
  readonly together: (file: JsonObject, draft: Draft) => void;
}

/** A scenario in the making. */
export interface Draft {
  model: unknown;
  stack: StackId | undefined;
  /** Null trains every weight. */
  adapter: Record<string, unknown> | null;
  quantization: Record<string, unknown> | null;
  readonly training: Record<string, unknown>;
  readonly hardware: Record<string, unknown>;
  readonly findings: Finding[];
}

/**
 * Something to know about a file. `not_computed`: the answer is one without this key. `unknown_key`: nobody reads it.
 * `old_key`: it has another name now. `trap`: it does not do what it looks like.
 * `unresolved`: only a run of the Python text can tell it. `assumed`: it was taken for granted.
 * `estimate`: what an estimate of the run warns of.
 * `refused`: an estimate of the run stops there; `key` is then a field of the scenario.
 */
export interface Finding {
  /** `error`: the trainer stops, or trains what was not meant. `note`: the answer is one without it. */
  readonly level: "error" | "warning" | "note";
  readonly code:
    | "not_computed"
    | "unknown_key"
    | "old_key"
    | "trap"
    | "refused"
    | "estimate"
    | "unresolved"
    | "assumed";
  /** Key of the file, nested ones with dots; of a Python text the call's word, a dot and the argument. */
  readonly key: string;
  /** Where it stands in a Python text: `line 12`, or `cell 3, line 2` of a notebook. */
  readonly at?: string;
  readonly message: string;
}

export function finding(draft: Draft, code: Finding["code"], key: string, message: string): void {
  draft.findings.push({ level: LEVELS[code], code, key, message });
}

/** Of a trainer whose step has no program: what is counted is its own, memory is not. */
export function tellCountsOnly(draft: Draft, key: string, trainer: string): void {
  const message = `the training step of ${trainer} has no program here: the counts are its own; memory, where it is asked for, is that of a plain trainer at its defaults`;
  finding(draft, "not_computed", key, message);
}

const LEVELS: Readonly<Record<Finding["code"], Finding["level"]>> = {
  trap: "error",
  refused: "error",
  estimate: "warning",
  unknown_key: "warning",
  old_key: "warning",
  unresolved: "warning",
  not_computed: "note",
  assumed: "note",
};

/** Of transformers' TrainingArguments. Tried with the parsers of TRL 1.13, LLaMA-Factory 0.9.5 and Axolotl 0.19. */
export const WORDS_OF_TRAINING: readonly string[] = [
  ...["eval_strategy", "save_strategy", "logging_strategy", "lr_scheduler_type", "hub_strategy"],
];

/** A value of a file, for a message. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Booleans as people write them in YAML for Python; texts as HfArgumentParser and pydantic take them, Axolotl's `auto` is what the card has.
 *
 * Source: transformers hf_argparser.py `string_to_bool`, pydantic's bool.
 */
export function isOn(value: unknown): boolean {
  if (typeof value !== "string") return value === true || value === 1;
  return /^(?:true|t|yes|y|on|1|auto)$/i.test(value);
}

/** A list of names, or names with commas between. */
export function namesIn(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const names = value.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

/** Names with commas between. */
export function namesText(value: unknown): unknown {
  return Array.isArray(value) ? value.join(",") : value;
}

/** Fields of a config.json by which a class has modules that see or hear, or experts in one parameter. */
const BESIDE_LINEARS =
  /^(?:vision_config|audio_config|num_experts|num_local_experts|n_routed_experts|moe_num_experts)$/;

/** "Every linear layer" of a launcher are names of linear modules; PEFT's all-linear reaches what sees and experts, too. */
export function targetAllLinear(draft: Draft, key: string): "all-linear" {
  const config = typeof draft.model === "string" ? knownConfig(draft.model) : undefined;
  const beside = Object.keys(config ?? {}).find((name) => BESIDE_LINEARS.test(name));
  if (beside !== undefined)
    finding(
      draft,
      "not_computed",
      key,
      `${key} leaves out experts and what sees; PEFT's all-linear, which is counted here, may reach them, too: name the modules`,
    );
  return "all-linear";
}

export function knownConfig(name: string): JsonObject | undefined {
  return knownModel(name)?.config;
}
