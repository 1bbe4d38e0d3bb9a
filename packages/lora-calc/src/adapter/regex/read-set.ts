/** What follows `[`, up to and including `]`. */

import { anyOf, literalTest, rangeTest } from "./character-sets.js";
import { readEscapedMember } from "./read-escape.js";
import type { Reader } from "./reader.js";
import type { CharacterTest, Flags } from "./syntax.js";
import { PatternError } from "./syntax.js";
import { missing } from "../../problem/missing.js";

/** A `]` in the first place is a member. */
export function readSet(reader: Reader, flags: Flags): CharacterTest {
  const isNegated = reader.take("^");
  const tests: CharacterTest[] = [];
  do {
    if (reader.atEnd()) throw new PatternError("unterminated character set");
    tests.push(readMember(reader, flags));
  } while (!reader.take("]"));
  return anyOf(tests, isNegated);
}

function readMember(reader: Reader, flags: Flags): CharacterTest {
  const from = readCharacter(reader, flags);
  const isRange = reader.peek() === "-" && reader.peek(1) !== "]" && reader.peek(1) !== "";
  if (!isRange) return typeof from === "number" ? literalTest(from, flags) : from;
  reader.next();
  const to = readCharacter(reader, flags);
  if (typeof from !== "number" || typeof to !== "number" || to < from) {
    throw new PatternError("bad character range");
  }
  return rangeTest(from, to, flags);
}

function readCharacter(reader: Reader, flags: Flags): number | CharacterTest {
  if (reader.take("\\")) return readEscapedMember(reader, flags);
  return reader.next().codePointAt(0) ?? missing();
}
