/** Puts the arguments of one call into a scenario; one that only a run can tell is named, and stays a gap that is refused. */

import type { JsonObject } from "../../problem/fields.js";
import type { Draft, Finding } from "../format.js";
import { isNamed, readKeys } from "../read-keys.js";
import type { KeyTable } from "../read-keys.js";
import { plainData, wordOf } from "./script.js";
import type { PythonCall, PythonValue } from "./script.js";

/** What reading a text has so far. */
export interface ScriptReading {
  readonly draft: Draft;
  readonly used: string[];
  readonly ignored: string[];
  /** Its loader was told to train every weight: adapters have no effect. */
  isFull: boolean;
}

/** Arguments by their names: those at a place have the name of their place. */
function argumentsOf(
  { positional, keywords }: PythonCall,
  names: readonly string[],
): ReadonlyMap<string, PythonValue> {
  const placed = positional.flatMap((value, index): [string, PythonValue][] => {
    const name = names[index];
    return name === undefined ? [] : [[name, value]];
  });
  return new Map([...placed, ...keywords]);
}

/** Plain data of an argument; undefined where it is absent or only a run can tell it. */
export function argument(call: PythonCall, name: string, place?: number): unknown {
  const value =
    call.keywords.get(name) ?? (place === undefined ? undefined : call.positional[place]);
  return value === undefined ? undefined : plainData(value)?.value;
}

/** The arguments that `table` has, the `own` ones left to their reader; gives back the plain ones. */
export function readCall(
  table: KeyTable,
  call: PythonCall,
  {
    reading,
    names = [],
    own = [],
  }: {
    readonly reading: ScriptReading;
    /** Names of its arguments in their order. */
    readonly names?: readonly string[];
    /** Arguments that are no data of the scenario by themselves. */
    readonly own?: readonly string[];
  },
): JsonObject {
  const given: Record<string, unknown> = {};
  const before = reading.draft.findings.length;
  const nameOf = (key: string): string => `${wordOf(call.callee)}.${key}`;
  const known = [...(call.own ?? [])].filter(([key]) => isKnown(table, key));
  for (const [key, value] of new Map([...known, ...argumentsOf(call, names)])) {
    if (own.includes(key)) continue;
    const plain = plainData(value);
    if (plain !== undefined) given[key] = plain.value;
    else if (isNamed(table.harmless, key)) reading.ignored.push(nameOf(key));
    else {
      // No field takes it, so that nothing is computed on a guess; a flag says it instead.
      given[key] = { unresolved: textOf(value) };
      unresolved(reading.draft, nameOf(key), value);
    }
  }
  for (const value of call.more) unresolved(reading.draft, nameOf("**"), value);
  const read = readKeys(table, given, { ...reading, nameOf });
  placeFindings(reading.draft.findings, before, call.at);
  return read;
}

function isKnown(table: KeyTable, key: string): boolean {
  return Object.hasOwn(table.keys, key) || isNamed([...table.harmless, ...table.other], key);
}

/** An adapter that only a run can tell: it is refused until flags say it, or that there is none. */
export function unknownAdapter(from: string): Record<string, unknown> {
  return { r: { unresolved: from }, target_modules: { unresolved: from } };
}

/** Says of what is an expression that only a run can tell it. */
export function unresolved(draft: Draft, key: string, value: PythonValue): void {
  const { text, why } =
    value.kind === "unknown" ? value : { text: textOf(value), why: whyOf(value) };
  const message = `${key} is ${text}, which ${why}: say it as a flag`;
  draft.findings.push({ level: "warning", code: "unresolved", key, message });
}

function textOf(value: PythonValue): string {
  if (value.kind === "unknown") return value.text;
  if (value.kind === "name") return value.name;
  if (value.kind === "data") return JSON.stringify(value.value);
  if (value.kind === "call") return `${value.call.callee}(…)`;
  return value.kind === "list" ? "a list" : "a dict";
}

function whyOf(value: PythonValue): string {
  if (value.kind === "name") return "is not set in this text";
  if (value.kind === "data") return "names none";
  return value.kind === "call" ? "only a run can tell" : "has parts that only a run can tell";
}

/** Findings from `first` on are of a call that stands at `at`. */
export function placeFindings(findings: Finding[], first: number, at: string): void {
  for (let index = first; index < findings.length; index += 1) {
    const each = findings[index];
    if (each !== undefined && each.at === undefined) findings[index] = { ...each, at };
  }
}
