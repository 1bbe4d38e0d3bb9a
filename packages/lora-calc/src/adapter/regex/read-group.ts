/** What stands between an opening parenthesis and the content of its group. */

import type { Groups } from "./groups.js";
import { readFlags } from "./read-flags.js";
import type { Reader } from "./reader.js";
import type { Flags } from "./syntax.js";
import { PatternError } from "./syntax.js";

export type GroupStart =
  | { readonly kind: "group"; readonly flags: Flags }
  | { readonly kind: "capture"; readonly name?: string }
  | { readonly kind: "atomic" }
  | { readonly kind: "look"; readonly isNegated: boolean; readonly isBehind: boolean }
  /** `(?P=name)`, read whole. */
  | { readonly kind: "reference"; readonly group: number }
  | { readonly kind: "conditional"; readonly group: number }
  /** `(?i)`: holds for the whole pattern. */
  | { readonly kind: "flags"; readonly flags: Flags }
  /** `(?#…)`, read whole. */
  | { readonly kind: "comment" };

const LOOKS: readonly (readonly [string, boolean, boolean])[] = [
  ["?=", false, false],
  ["?!", true, false],
  ["?<=", false, true],
  ["?<!", true, true],
];

const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{N}\p{Mn}\p{Mc}\p{Pc}]*$/u;

/** Reads what follows `(`. */
export function readGroupStart(reader: Reader, flags: Flags, groups: Groups): GroupStart {
  if (reader.peek() !== "?") return { kind: "capture" };
  for (const [start, isNegated, isBehind] of LOOKS) {
    if (reader.take(start)) return { kind: "look", isNegated, isBehind };
  }
  if (reader.take("?:")) return { kind: "group", flags };
  if (reader.take("?>")) return { kind: "atomic" };
  if (reader.take("?P<")) return { kind: "capture", name: readName(reader, ">") };
  if (reader.take("?P=")) {
    return { kind: "reference", group: groups.refer(groups.numberOf(readName(reader, ")"))) };
  }
  if (reader.take("?(")) return { kind: "conditional", group: readCondition(reader, groups) };
  if (reader.take("?#")) return skipComment(reader);
  if (reader.take("?P")) throw new PatternError(`unknown extension ?P${reader.peek()}`);
  reader.next();
  const { flags: changed, isGlobal } = readFlags(reader, flags);
  return { kind: isGlobal ? "flags" : "group", flags: changed };
}

function readName(reader: Reader, end: string): string {
  const name = reader.takeUntil(end, "group name");
  if (!IDENTIFIER.test(name)) throw new PatternError(`bad character in group name '${name}'`);
  return name;
}

/** The group that a conditional asks for, by name or number. */
function readCondition(reader: Reader, groups: Groups): number {
  const name = reader.takeUntil(")", "group name");
  if (IDENTIFIER.test(name)) return groups.promise(groups.numberOf(name));
  if (!/^\d+$/.test(name)) throw new PatternError(`bad character in group name '${name}'`);
  return groups.promise(Number(name));
}

function skipComment(reader: Reader): GroupStart {
  while (!reader.take(")")) {
    if (reader.atEnd()) throw new PatternError("missing ), unterminated comment");
    if (reader.next() === "\\" && !reader.atEnd()) reader.next();
  }
  return { kind: "comment" };
}
