/**
 * Reads a regular expression as Python's `re` does (3.11), into a syntax tree.
 *
 * Refused by name, because they cannot run in linear time: look-around, backreferences, conditionals, atomic groups and
 * possessive quantifiers.
 */

import {
  anyOf,
  classTest,
  dotTest,
  isClassLetter,
  literalTest,
  rangeTest,
} from "./character-sets.js";
import type { Anchor, CharacterTest, Flags, Syntax } from "./syntax.js";
import { NO_FLAGS, PatternError } from "./syntax.js";
import { readEscape } from "./read-escape.js";
import { readGroupStart } from "./read-group.js";
import { Reader } from "./reader.js";

const MAX_PATTERN_LENGTH = 20_000;
const MAX_NESTING = 200;
const MAX_REPEAT = 1000;

const ANCHOR_ESCAPES: Readonly<Record<string, Anchor>> = {
  A: "text_start",
  Z: "text_end",
  b: "word",
  B: "not_word",
};

/** Syntax tree of a pattern; throws PatternError. */
export function parseRegex(pattern: string): Syntax {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new PatternError(`patterns longer than ${MAX_PATTERN_LENGTH} characters`, true);
  }
  const reader = new Reader(pattern);
  const syntax = readAlternation(reader, NO_FLAGS, 0);
  if (!reader.atEnd()) throw new PatternError("unbalanced parenthesis");
  return syntax;
}

function readAlternation(reader: Reader, flags: Flags, depth: number): Syntax {
  if (depth > MAX_NESTING) throw new PatternError(`groups nested deeper than ${MAX_NESTING}`, true);
  const options = [];
  let current = flags;
  do {
    const { item, flags: after } = readSequence(reader, current, depth);
    options.push(item);
    current = after;
  } while (reader.take("|"));
  const [only] = options;
  return options.length === 1 && only !== undefined ? only : { kind: "alternation", options };
}

interface SequenceRead {
  readonly item: Syntax;
  /** Flags that hold for the rest of the enclosing group: `(?i)` at the start of the pattern. */
  readonly flags: Flags;
}

function readSequence(reader: Reader, start: Flags, depth: number): SequenceRead {
  const items: Syntax[] = [];
  let flags = start;
  while (!reader.atEnd() && reader.peek() !== "|" && reader.peek() !== ")") {
    if (flags.verbose && reader.skipVerboseSpace()) continue;
    if (reader.peek() === "(") {
      const group = readGroupStart(reader, flags);
      if (group.kind === "comment") continue;
      if (group.kind === "flags") {
        flags = group.flags;
        continue;
      }
      const item = readAlternation(reader, group.flags, depth + 1);
      if (!reader.take(")")) throw new PatternError("missing ), unterminated subpattern");
      const { name } = group;
      items.push(
        readRepeats(reader, { kind: "group", item, ...(name === undefined ? {} : { name }) }),
      );
      continue;
    }
    items.push(readRepeats(reader, readAtom(reader, flags)));
  }
  return { item: { kind: "sequence", items }, flags };
}

function readAtom(reader: Reader, flags: Flags): Syntax {
  const letter = reader.next();
  switch (letter) {
    case ".":
      return { kind: "character", test: dotTest(flags) };
    case "^":
      return { kind: "anchor", anchor: flags.multiline ? "line_start" : "text_start" };
    case "$":
      return { kind: "anchor", anchor: flags.multiline ? "line_end" : "last_line_end" };
    case "[":
      return { kind: "character", test: readSet(reader, flags) };
    case "\\":
      return readEscapedAtom(reader, flags);
    case "*":
    case "+":
    case "?":
      throw new PatternError("nothing to repeat");
    default:
      return { kind: "character", test: literalTest(letter.codePointAt(0) ?? 0, flags) };
  }
}

function readEscapedAtom(reader: Reader, flags: Flags): Syntax {
  const anchor = ANCHOR_ESCAPES[reader.peek()];
  if (anchor !== undefined) {
    reader.next();
    return { kind: "anchor", anchor };
  }
  if (isClassLetter(reader.peek())) {
    return { kind: "character", test: classTest(reader.next(), flags) };
  }
  return { kind: "character", test: literalTest(readEscape(reader, "outside a set"), flags) };
}

/** What follows `[`, up to and including `]`. A `]` in the first place is a member. */
function readSet(reader: Reader, flags: Flags): CharacterTest {
  const isNegated = reader.take("^");
  const tests: CharacterTest[] = [];
  let isFirst = true;
  while (isFirst || reader.peek() !== "]") {
    if (reader.atEnd()) throw new PatternError("unterminated character set");
    isFirst = false;
    tests.push(readSetMember(reader, flags));
  }
  reader.next();
  return anyOf(tests, isNegated);
}

function readSetMember(reader: Reader, flags: Flags): CharacterTest {
  const from = readSetCharacter(reader, flags);
  const isRange = reader.peek() === "-" && reader.peek(1) !== "]" && reader.peek(1) !== "";
  if (!isRange) return typeof from === "number" ? literalTest(from, flags) : from;
  reader.next();
  const to = readSetCharacter(reader, flags);
  if (typeof from !== "number" || typeof to !== "number" || to < from) {
    throw new PatternError("bad character range");
  }
  return rangeTest(from, to, flags);
}

function readSetCharacter(reader: Reader, flags: Flags): number | CharacterTest {
  if (!reader.take("\\")) return reader.next().codePointAt(0) ?? 0;
  if (isClassLetter(reader.peek())) return classTest(reader.next(), flags);
  return readEscape(reader, "inside a set");
}

function readRepeats(reader: Reader, item: Syntax): Syntax {
  const bounds = readBounds(reader);
  if (bounds === undefined) return item;
  if (item.kind === "anchor") throw new PatternError("nothing to repeat");
  if (reader.take("+")) throw new PatternError("possessive quantifiers", true);
  const lazy = reader.take("?");
  const repeated: Syntax = { kind: "repeat", item, ...bounds, lazy };
  if (readBounds(reader) !== undefined) throw new PatternError("multiple repeat");
  return repeated;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function readBounds(reader: Reader): Bounds | undefined {
  if (reader.take("*")) return { min: 0, max: Infinity };
  if (reader.take("+")) return { min: 1, max: Infinity };
  if (reader.take("?")) return { min: 0, max: 1 };
  const braces = reader.match(/\{(\d*)(,?)(\d*)\}/y);
  // `{}` and `{x}` are literal text in Python.
  if (braces === undefined || braces[0] === "{}") return undefined;
  reader.skip(braces[0].length);
  const [, low = "", comma, high = ""] = braces;
  const min = low === "" ? 0 : Number(low);
  const max = high === "" ? (comma === "," ? Infinity : min) : Number(high);
  if (max < min) throw new PatternError("min repeat greater than max repeat");
  if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
    throw new PatternError(`more than ${MAX_REPEAT} counted repeats`, true);
  }
  return { min, max };
}
