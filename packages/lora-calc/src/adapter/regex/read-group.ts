/** What stands after an opening parenthesis. */

import type { Reader } from "./reader.js";
import type { Flags } from "./syntax.js";
import { PatternError } from "./syntax.js";

export type GroupStart =
  | { readonly kind: "group"; readonly name?: string; readonly flags: Flags }
  /** `(?i)`: holds for the whole pattern. */
  | { readonly kind: "flags"; readonly flags: Flags }
  | { readonly kind: "comment" };

const FLAG_NAMES: Readonly<Record<string, keyof Flags | undefined>> = {
  i: "ignoreCase",
  m: "multiline",
  s: "dotAll",
  x: "verbose",
  a: "ascii",
};

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  ["?<=", "look-behind (?<=…)"],
  ["?<!", "look-behind (?<!…)"],
  ["?=", "look-ahead (?=…)"],
  ["?!", "look-ahead (?!…)"],
  ["?>", "atomic groups (?>…)"],
  ["?P=", "backreferences (?P=…)"],
  ["?(", "conditionals (?(…)…)"],
];

/** Reads `(`, `(?:`, `(?P<name>`, `(?flags)`, `(?flags:` or a whole comment. */
export function readGroupStart(reader: Reader, flags: Flags): GroupStart {
  const isFirst = reader.atStart();
  reader.next();
  for (const [start, what] of UNSUPPORTED) {
    if (reader.take(start)) throw new PatternError(what, true);
  }
  if (reader.take("?:")) return { kind: "group", flags };
  if (reader.take("?P<")) return { kind: "group", name: readName(reader), flags };
  if (reader.take("?#")) return skipComment(reader);
  if (!reader.take("?")) return { kind: "group", flags };
  return readFlags(reader, flags, isFirst);
}

function readName(reader: Reader): string {
  const name = reader.match(/[\p{L}_][\p{L}\p{N}_]*/uy)?.[0];
  if (name === undefined) throw new PatternError("bad group name");
  reader.skip(name.length);
  if (!reader.take(">")) throw new PatternError("missing >, unterminated name");
  return name;
}

function skipComment(reader: Reader): GroupStart {
  while (!reader.take(")")) {
    if (reader.atEnd()) throw new PatternError("missing ), unterminated comment");
    reader.next();
  }
  return { kind: "comment" };
}

function readFlags(reader: Reader, flags: Flags, isFirst: boolean): GroupStart {
  const letters = reader.match(/([aimsuxL]*)(?:-([imsx]+))?([:)])/y);
  if (letters === undefined) throw new PatternError("unknown extension in (?…)");
  reader.skip(letters[0].length);
  const [, on = "", off = "", end] = letters;
  if (on === "" && off === "") throw new PatternError("unknown extension in (?…)");
  if (on.includes("L")) throw new PatternError("cannot use LOCALE flag with a str pattern");
  const changed = { ...flags, ...switched(on, true), ...switched(off, false) };
  if (end === ":") return { kind: "group", flags: changed };
  if (off !== "") throw new PatternError("missing :");
  if (!isFirst) throw new PatternError("global flags not at the start of the expression");
  return { kind: "flags", flags: changed };
}

function switched(letters: string, value: boolean): Partial<Flags> {
  const names = letters.split("").map((letter) => FLAG_NAMES[letter]);
  return Object.fromEntries(names.flatMap((name) => (name === undefined ? [] : [[name, value]])));
}
