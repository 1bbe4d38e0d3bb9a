/** What it takes to write the file of a trainer: the run with everything that is in force, and a writer per trainer. */

import type { Finding, Format } from "../formats/format.js";
import { readTrainerFile } from "../formats/read-file.js";
import type { JsonObject } from "../problem/fields.js";
import type { Scenario } from "../scenario.js";
import type { StackId } from "../stacks/stacks.js";
import { yamlText } from "./yaml-text.js";

/** A run as it is to be written: what it says, what its stack decided, and what is left to the trainer. */
export interface Run {
  /** Repository or folder of the model. */
  readonly model: string;
  /** Null trains every weight. */
  readonly adapter: JsonObject | null;
  /** Names of the modules that it hits. */
  readonly hit: readonly string[];
  /** Null where weights are not packed. */
  readonly quantization: JsonObject | null;
  /** Settings that the file has to say, for the trainer's own would be others. */
  readonly training: JsonObject;
  /** Rates, epochs, logs and saves, under the names of TrainingArguments. */
  readonly rates: JsonObject;
  /** Cards that take part. */
  readonly cards: number;
}

export interface Writer {
  /** The trainer, as its users call it. */
  readonly trainer: string;
  /** Trainer and releases that the file is for. Which parsers took its files, and under what: conformance/exports.py. */
  readonly release: string;
  /** Undefined where nothing but counts is known of it. */
  readonly stack: StackId | undefined;
  readonly fileName: string;
  /** How the file is run. */
  readonly command: (run: Run) => string;
  readonly body: (run: Run) => Body;
  /** What has to lie beside it. */
  readonly beside?: (run: Run) => readonly WrittenFile[];
  /** What is to be known of this run beside what its file says otherwise. */
  readonly notes?: (run: Run) => readonly string[];
  /** Why there is no such file of a run; undefined where there is. */
  readonly whyNone?: (run: Run) => string | undefined;
  /** What nobody can say but its user. */
  readonly toFill: string;
}

/** A file, and what it says: what it does not say there it does not say. */
interface Body {
  readonly text: string;
  readonly scenario: Scenario;
  readonly findings: readonly Finding[];
}

/** A writer of YAML, which is read back by the table of its keys. */
export function yamlWriter({
  format,
  write,
  ...rest
}: Omit<Writer, "trainer" | "stack" | "body"> & {
  readonly format: Format;
  readonly write: (run: Run) => JsonObject;
}): Writer {
  const body = (run: Run): Body => {
    const file = write(run);
    const read = readTrainerFile(file);
    if (read?.trainer !== format.trainer)
      throw new Error("a file is not read as what it is written");
    return { text: yamlText(file), scenario: read.scenario, findings: read.findings };
  };
  return { ...rest, trainer: format.trainer, stack: format.stack, body };
}

export interface WrittenFile {
  readonly name: string;
  readonly text: string;
}

/** What the keys of a format's table say by themselves. */
export function byTable({ keys }: Format, run: Run): JsonObject {
  const sections: Readonly<Record<string, JsonObject | null>> = {
    adapter: run.adapter,
    quantization: run.quantization,
    training: run.training,
  };
  const file = Object.entries(keys).flatMap(([key, row]) => {
    if (row === "together" || !("to" in row)) return [];
    const dot = row.to.indexOf(".");
    const value = sections[row.to.slice(0, dot)]?.[row.to.slice(dot + 1)] ?? undefined;
    const written = value === undefined || row.write === undefined ? value : row.write(value);
    return written === undefined ? [] : [[key, written] as const];
  });
  return Object.fromEntries(file);
}

/** Rates under the trainer's own names; `names` is of TrainingArguments' name to the trainer's. */
export function ratesAs(names: Readonly<Record<string, string>>, { rates }: Run): JsonObject {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, own]) =>
      rates[name] === undefined ? [] : [[own, rates[name]] as const],
    ),
  );
}

export function without(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** Targets as names, of a pattern those of the modules that it hits; undefined for every linear layer, and for none. */
export function namedTargets({ adapter, hit }: Run): readonly unknown[] | undefined {
  const targets = adapter?.["target_modules"];
  if (Array.isArray(targets)) return targets as readonly unknown[];
  return typeof targets === "string" && targets !== "all-linear" ? hit : undefined;
}

/** Only what is there. */
export function defined(fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
