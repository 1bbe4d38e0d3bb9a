/** Reads the file of a trainer into a scenario: every key is used, known to change nothing, or named. */

import { IGNORED_FIELDS } from "../fields/training-beside.js";
import { isObject, nearestOf } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { asScenario } from "../exchange/as-scenario.js";
import type { Scenario } from "../scenario.js";
import { AXOLOTL_FILE } from "./axolotl.js";
import { finding } from "./format.js";
import type { Draft, FieldKey, Finding, Format } from "./format.js";
import { LITGPT_FILE } from "./litgpt.js";
import { LLAMA_FACTORY_FILE } from "./llama-factory.js";
import { MLX_LM_FILE } from "./mlx-lm.js";
import { MS_SWIFT_FILE } from "./ms-swift.js";
import { TRL_FILE } from "./trl.js";

const FORMATS: readonly Format[] = [
  ...[AXOLOTL_FILE, LLAMA_FACTORY_FILE, TRL_FILE, LITGPT_FILE, MLX_LM_FILE, MS_SWIFT_FILE],
];

/** A trainer's file as a scenario, and what is to be known about it. */
export interface TrainerFile {
  /** The trainer, as its users call it. */
  readonly trainer: string;
  readonly scenario: Scenario;
  /** Keys that say something of the scenario. */
  readonly used: readonly string[];
  /** Keys that change neither counts nor memory. */
  readonly ignored: readonly string[];
  /** Of keys by themselves first, in the order of the file, then of those that say something together. */
  readonly findings: readonly Finding[];
}

/**
 * The scenario that a trainer's file describes, under the release of the trainer that is computed; undefined for a file of no
 * trainer that is read here (Axolotl, LLaMA-Factory, TRL, ms-swift, LitGPT, MLX-LM). What the file leaves open is left to the stack, which says its defaults in
 * `assumed`. Nothing is dropped: a key is in `used`, in `ignored` or in `findings`.
 *
 * Example: readTrainerFile({ base_model: "gpt2", adapter: "lora", lora_r: 8, sequence_len: 512 })?.scenario.training // { max_length: 512 }
 */
export function readTrainerFile(file: unknown): TrainerFile | undefined {
  if (!isObject(file)) return undefined;
  const format = FORMATS.find(({ recognizes }) => recognizes(file));
  return format === undefined ? undefined : readAs(format, file);
}

function readAs(format: Format, given: JsonObject): TrainerFile {
  const draft: Draft = {
    ...{ model: undefined, stack: format.stack, quantization: null, findings: [] },
    ...{ adapter: {}, training: {}, hardware: {} },
  };
  const used: string[] = [];
  const ignored: string[] = [];
  const file = withNewNames(format, given, { draft, ignored });
  for (const key of Object.keys(file)) {
    const value = file[key];
    const row = Object.hasOwn(format.keys, key) ? format.keys[key] : undefined;
    if (value === null || value === undefined) ignored.push(key);
    else if (typeof value === "boolean" && format.words?.includes(key) === true) {
      const word = value ? "yes" : "no";
      const message = `${key} is ${String(value)} to Python's YAML, which reads a bare ${word} so, and ${format.trainer} stops; quote it: ${key}: "${word}"`;
      finding(draft, "trap", key, message);
    } else if (isNamed(format.harmless, key)) {
      // A rate or a number of epochs is kept for what is written from the scenario.
      const name = ownNameOf(format, key);
      if (name !== undefined) draft.training[name] = value;
      ignored.push(key);
    } else if (row === "together") used.push(key);
    else if (row !== undefined && "to" in row) {
      put(draft, row, value);
      used.push(key);
    } else if (isNamed(format.other, key)) {
      if (isNeutral(format, key, value)) ignored.push(key);
      else
        finding(draft, "not_computed", key, `${key} has no program here; the answer is without it`);
    } else rejectUnknown(format, key, draft);
  }
  const said = Object.entries(file).filter(([, value]) => value !== null && value !== undefined);
  format.together(Object.fromEntries(said), draft);
  return {
    trainer: format.trainer,
    scenario: scenarioOf(draft),
    used,
    ignored,
    findings: draft.findings,
  };
}

/** Old names are read as the new ones, unless both are there; those that are off say nothing. */
function withNewNames(
  format: Format,
  given: JsonObject,
  { draft, ignored }: { readonly draft: Draft; readonly ignored: string[] },
): JsonObject {
  // A map, so that a key of any name is a key.
  const file = new Map<string, unknown>();
  for (const [key, said] of Object.entries(given)) {
    const row = Object.hasOwn(format.keys, key) ? format.keys[key] : undefined;
    if (row === undefined || row === "together" || !("now" in row)) {
      file.set(key, file.get(key) ?? said);
      continue;
    }
    const { now, read } = row;
    const value = read === undefined ? said : read(said);
    if (value === undefined || value === null) {
      ignored.push(key);
      continue;
    }
    if ((given[now] ?? null) === null) file.set(now, value);
    const shown = typeof value === "string" ? `${now}: ${value}` : now;
    finding(draft, "old_key", key, `${key} is an old name; it is ${shown} now`);
  }
  return Object.fromEntries(file);
}

function put(draft: Draft, { to, read }: FieldKey, value: unknown): void {
  const field = read === undefined ? value : read(value);
  if (field === undefined) return;
  const dot = to.indexOf(".");
  sectionOf(draft, to.slice(0, dot))[to.slice(dot + 1)] = field;
}

function sectionOf(draft: Draft, name: string): Record<string, unknown> {
  if (name === "training") return draft.training;
  if (name === "hardware") return draft.hardware;
  if (name === "quantization") return (draft.quantization ??= {});
  return (draft.adapter ??= {});
}

/** What TrainingArguments calls a harmless key; undefined where it has none of the kind. */
function ownNameOf({ rates }: Format, key: string): string | undefined {
  if (rates !== undefined && Object.hasOwn(rates, key)) return rates[key];
  return Object.hasOwn(IGNORED_FIELDS, key) ? key : undefined;
}

/** `wandb_*` stands for all that begin so. */
function isNamed(names: readonly string[], key: string): boolean {
  return names.some((name) =>
    name.endsWith("*") ? key.startsWith(name.slice(0, -1)) : name === key,
  );
}

function isNeutral({ neutral }: Format, key: string, value: unknown): boolean {
  if (neutral !== undefined && Object.hasOwn(neutral, key)) return neutral[key] === value;
  if (Array.isArray(value)) return value.length === 0;
  return value === false || value === 0 || value === "";
}

function rejectUnknown(format: Format, key: string, draft: Draft): void {
  const names = [...Object.keys(format.keys), ...format.harmless, ...format.other];
  const known = names.filter((name) => !name.endsWith("*"));
  const { nearest } = nearestOf(key.toLowerCase().replaceAll(/[\s-]+/g, "_"), known);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const does = format.unknownAre === "refused" ? "refuses it" : "drops it in silence";
  const message = `${format.trainer} does not know ${key} and ${does}${hint}`;
  const level = format.unknownAre === "refused" ? "error" : "warning";
  draft.findings.push({ level, code: "unknown_key", key, message });
}

function scenarioOf({ model, stack, adapter, quantization, training, hardware }: Draft): Scenario {
  return asScenario({
    model,
    adapter,
    ...(quantization === null ? {} : { quantization }),
    ...(stack === undefined ? {} : { stack, training }),
    ...(Object.keys(hardware).length === 0 ? {} : { hardware }),
  });
}
