/** Puts keys into a scenario by a table: every key is used, known to change nothing, or named. */

import type { FieldTable } from "../fields/row.js";
import { SECTIONS } from "../fields/scenario.js";
import type { SectionName } from "../fields/section-names.js";
import { IGNORED_FIELDS } from "../fields/training-beside.js";
import { nearestOf } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { finding } from "./format.js";
import type { Draft, FieldKey, Format } from "./format.js";

/** What a table of keys has. */
export type KeyTable = Pick<
  Format,
  "trainer" | "keys" | "harmless" | "other" | "neutral" | "words" | "rates" | "gone" | "unknownAre"
>;

/** Where keys are put, and how they are called in messages. */
export interface Reading {
  readonly draft: Draft;
  readonly used: string[];
  readonly ignored: string[];
  /** `SFTConfig.max_length` of a key of a call; of a file the key itself. */
  readonly nameOf: (key: string) => string;
}

/** The keys under their names of today. */
export function readKeys(table: KeyTable, given: JsonObject, reading: Reading): JsonObject {
  const { draft, used, ignored, nameOf } = reading;
  const file = withNewNames(table, given, reading);
  for (const key of Object.keys(file)) {
    const value = file[key];
    const name = nameOf(key);
    const row = Object.hasOwn(table.keys, key) ? table.keys[key] : undefined;
    if (value === null || value === undefined) ignored.push(name);
    else if (typeof value === "boolean" && table.words?.includes(key) === true)
      finding(draft, "trap", name, bareWord(table, name, value));
    else if (table.gone?.includes(key) === true)
      finding(
        draft,
        "old_key",
        name,
        `${name} is gone from the ${table.trainer} that is computed, which stops at it`,
      );
    else if (isNamed(table.harmless, key)) {
      // A rate or a number of epochs is kept for what is written from the scenario.
      const own = ownNameOf(table, key);
      if (own !== undefined) draft.training[own] = value;
      ignored.push(name);
    } else if (row === "together") used.push(name);
    else if (row !== undefined && "to" in row) {
      put(draft, row, value);
      used.push(name);
    } else if (isNamed(table.other, key)) {
      if (isNeutral(table, key, value)) ignored.push(name);
      else
        finding(
          draft,
          "not_computed",
          name,
          `${name} has no program here; the answer is without it`,
        );
    } else rejectUnknown(table, key, reading);
  }
  return file;
}

function bareWord({ trainer }: KeyTable, key: string, value: boolean): string {
  const word = value ? "yes" : "no";
  return `${key} is ${String(value)} to Python's YAML, which reads a bare ${word} so, and ${trainer} stops; quote it: ${key}: "${word}"`;
}

/** Old names are read as the new ones, unless both are there; those that are off say nothing. */
function withNewNames(
  table: KeyTable,
  given: JsonObject,
  { draft, ignored, nameOf }: Reading,
): JsonObject {
  // A map, so that a key of any name is a key.
  const file = new Map<string, unknown>();
  for (const [key, said] of Object.entries(given)) {
    const row = Object.hasOwn(table.keys, key) ? table.keys[key] : undefined;
    if (row === undefined || row === "together" || !("now" in row)) {
      file.set(key, file.get(key) ?? said);
      continue;
    }
    const { now, read } = row;
    const value = read === undefined ? said : read(said);
    if (value === undefined || value === null) {
      ignored.push(nameOf(key));
      continue;
    }
    if ((given[now] ?? null) === null) file.set(now, value);
    const shown = typeof value === "string" ? `${now}: ${value}` : now;
    finding(draft, "old_key", nameOf(key), `${nameOf(key)} is an old name; it is ${shown} now`);
  }
  return Object.fromEntries(file);
}

function put(draft: Draft, { to, read }: FieldKey, value: unknown): void {
  const dot = to.indexOf(".");
  const given = read === undefined ? value : read(value);
  const field = asNumber(to.slice(0, dot), to.slice(dot + 1), given);
  if (field === undefined) return;
  sectionOf(draft, to.slice(0, dot))[to.slice(dot + 1)] = field;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A number that YAML or a person wrote as a text, `5e-2` or `"16"`; trainers read it as the number that it is. */
function asNumber(section: string, name: string, value: unknown): unknown {
  if (typeof value !== "string" || !NUMBER.test(value)) return value;
  const rows: FieldTable = SECTIONS[section as SectionName];
  const kind = Object.hasOwn(rows, name) ? rows[name]?.type.kind : undefined;
  return kind === "integer" || kind === "number" ? Number(value) : value;
}

function sectionOf(draft: Draft, name: string): Record<string, unknown> {
  if (name === "training") return draft.training;
  if (name === "hardware") return draft.hardware;
  if (name === "quantization") return (draft.quantization ??= {});
  return (draft.adapter ??= {});
}

/** What TrainingArguments calls a harmless key; undefined where it has none of the kind. */
function ownNameOf({ rates }: KeyTable, key: string): string | undefined {
  if (rates !== undefined && Object.hasOwn(rates, key)) return rates[key];
  return Object.hasOwn(IGNORED_FIELDS, key) ? key : undefined;
}

/** `wandb_*` stands for all that begin so. */
export function isNamed(names: readonly string[], key: string): boolean {
  return names.some((name) =>
    name.endsWith("*") ? key.startsWith(name.slice(0, -1)) : name === key,
  );
}

function isNeutral({ neutral }: KeyTable, key: string, value: unknown): boolean {
  if (neutral !== undefined && Object.hasOwn(neutral, key)) return neutral[key] === value;
  if (Array.isArray(value)) return value.length === 0;
  return value === false || value === 0 || value === "";
}

function rejectUnknown(table: KeyTable, key: string, { draft, nameOf }: Reading): void {
  const names = [...Object.keys(table.keys), ...table.harmless, ...table.other];
  const known = names.filter((name) => !name.endsWith("*"));
  const { nearest } = nearestOf(key.toLowerCase().replaceAll(/[\s-]+/g, "_"), known);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const does = table.unknownAre === "refused" ? "refuses it" : "drops it in silence";
  const message = `${table.trainer} does not know ${nameOf(key)} and ${does}${hint}`;
  const level = table.unknownAre === "refused" ? "error" : "warning";
  draft.findings.push({ level, code: "unknown_key", key: nameOf(key), message });
}
