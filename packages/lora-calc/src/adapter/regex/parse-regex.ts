/**
 * Reads a regular expression as Python's `re` does (3.11), into a syntax tree.
 *
 * Refused by name: `\N{…}`, because the names of characters are a table of 300 kB, and patterns beyond any use.
 */

import { anyOf, dotTest, literalTest } from "./character-sets.js";
import { Groups } from "./groups.js";
import { readEscapedAtom } from "./read-escape.js";
import { readGroupStart } from "./read-group.js";
import type { GroupStart } from "./read-group.js";
import { readSet } from "./read-set.js";
import { Reader } from "./reader.js";
import { characterTest } from "./program.js";
import type { Flags, Greed, Syntax } from "./syntax.js";
import { MAX_REPEAT, NO_FLAGS, PatternError } from "./syntax.js";
import { widthOf } from "./width.js";
import { missing } from "../../problem/missing.js";

const MAX_PATTERN_LENGTH = 20_000;
const MAX_NESTING = 200;

interface Parse {
  readonly reader: Reader;
  readonly groups: Groups;
}

/** What encloses the part that is read: its flags, how deep it lies, whether it begins the pattern. */
interface Place {
  readonly flags: Flags;
  readonly depth: number;
  readonly isFirst: boolean;
}

export interface ParsedRegex {
  readonly syntax: Syntax;
  /** How many groups there are, the whole match among them. */
  readonly groups: number;
  /** Numbers of the groups that have a name. */
  readonly groupNames: ReadonlyMap<string, number>;
}

/** Reads a pattern; throws PatternError. */
export function parseRegex(pattern: string): ParsedRegex {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new PatternError(`patterns longer than ${MAX_PATTERN_LENGTH} characters`, true);
  }
  const parse = { reader: new Reader(pattern), groups: new Groups() };
  const syntax = readAlternation(parse, NO_FLAGS, 0);
  if (!parse.reader.atEnd()) throw new PatternError("unbalanced parenthesis");
  parse.groups.settle();
  const { widths, numbers } = parse.groups;
  return { syntax, groups: widths.length, groupNames: numbers };
}

function readAlternation(parse: Parse, flags: Flags, depth: number): Syntax {
  if (depth > MAX_NESTING) throw new PatternError(`groups nested deeper than ${MAX_NESTING}`, true);
  const options: Syntax[] = [];
  let current = flags;
  do {
    const isFirst = depth === 0 && options.length === 0;
    const { item, flags: after } = readSequence(parse, { flags: current, depth, isFirst });
    options.push(item);
    current = after;
  } while (parse.reader.take("|"));
  const [only] = options;
  if (options.length === 1 && only !== undefined) return only;
  return setOf(options) ?? { kind: "alternation", options };
}

/** `a|b|\d` is `[ab\d]`: one step where a choice could double the work with every character. Python does the same. */
function setOf(options: readonly Syntax[]): Syntax | undefined {
  const tests = options.map(characterTest).filter((test) => test !== undefined);
  if (tests.length < options.length) return undefined;
  // A sequence, so that a repeat takes it as the group it stands in.
  return { kind: "sequence", items: [{ kind: "character", test: anyOf(tests, false) }] };
}

interface SequenceRead {
  readonly item: Syntax;
  /** Flags that hold for the rest of the enclosing group: `(?i)` at the start of the pattern. */
  readonly flags: Flags;
}

function readSequence(parse: Parse, place: Place): SequenceRead {
  const { reader } = parse;
  const items: Syntax[] = [];
  let { flags } = place;
  while (!reader.atEnd() && reader.peek() !== "|" && reader.peek() !== ")") {
    if (flags.verbose && skipVerboseSpace(reader)) continue;
    const repeat = readRepeat(reader);
    if (repeat !== undefined) {
      items.push({ kind: "repeat", item: repeatable(items.pop()), ...repeat });
    } else if (reader.take("(")) {
      const start = readGroupStart(reader, flags, parse.groups);
      if (start.kind === "flags") {
        if (!place.isFirst || items.length > 0) {
          throw new PatternError("global flags not at the start of the expression");
        }
        ({ flags } = start);
      } else if (start.kind !== "comment") {
        items.push(readGroup(parse, start, { ...place, flags }));
      }
    } else {
      items.push(readAtom(parse, flags));
    }
  }
  return { item: { kind: "sequence", items }, flags };
}

/** White space or a `#` comment; true when there was one. A backslash protects the end of a comment's line. */
function skipVerboseSpace(reader: Reader): boolean {
  return reader.takeMatch(/[ \t\n\r\v\f]+|#(?:\\[^]|[^\\\n])*\\?\n?/y) !== "";
}

function readGroup(
  { reader, groups }: Parse,
  start: Exclude<GroupStart, { kind: "flags" | "comment" }>,
  { flags, depth }: Place,
): Syntax {
  const parse = { reader, groups };
  const content = (inner: Flags): Syntax =>
    closed(reader, readAlternation(parse, inner, depth + 1));
  switch (start.kind) {
    case "group":
      return { kind: "sequence", items: [content(start.flags)] };
    case "atomic":
      return { kind: "atomic", item: content(flags) };
    case "capture": {
      const group = groups.open(start.name);
      const item = content(flags);
      groups.close(group, widthOf(item, groups.widths));
      return { kind: "capture", item, group };
    }
    case "look": {
      const { isBehind, isNegated } = start;
      if (!isBehind) return { kind: "look", item: content(flags), isNegated, width: 0 };
      const item = groups.insideLookBehind(() => content(flags));
      const { min, max } = widthOf(item, groups.widths);
      if (min !== max) throw new PatternError("look-behind requires fixed-width pattern");
      return { kind: "look", item, isNegated, width: min };
    }
    case "reference":
      return { kind: "reference", group: start.group, flags };
    case "conditional":
      return readConditional(parse, start.group, { flags, depth: depth + 1, isFirst: false });
  }
}

function readConditional(parse: Parse, group: number, place: Place): Syntax {
  const { reader } = parse;
  const yes = readSequence(parse, place).item;
  const hasNo = reader.take("|");
  const no: Syntax = hasNo ? readSequence(parse, place).item : { kind: "sequence", items: [] };
  if (reader.peek() === "|") {
    throw new PatternError("conditional backref with more than two branches");
  }
  return closed(reader, { kind: "conditional", group, yes, no });
}

function closed(reader: Reader, syntax: Syntax): Syntax {
  if (!reader.take(")")) throw new PatternError("missing ), unterminated subpattern");
  return syntax;
}

function readAtom({ reader, groups }: Parse, flags: Flags): Syntax {
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
      return readEscapedAtom(reader, flags, groups);
    default:
      return { kind: "character", test: literalTest(letter.codePointAt(0) ?? missing(), flags) };
  }
}

interface Repeat {
  readonly min: number;
  readonly max: number;
  readonly greed: Greed;
}

/** A quantifier that stands here. `{}` and `{x}` are literal text. */
function readRepeat(reader: Reader): Repeat | undefined {
  const [text, sign, low = "", comma, high = ""] =
    reader.match(/([*+?])|\{(?!\})([0-9]*)(,?)([0-9]*)\}/y) ?? [];
  if (text === undefined) return undefined;
  reader.takeMatch(/[*+?]|\{[0-9,]+\}/y);
  const min = sign === "+" ? 1 : Number(low);
  const isOpen = sign === "*" || sign === "+" || (comma === "," && high === "");
  const max = isOpen ? MAX_REPEAT : sign === "?" ? 1 : Number(comma === "," ? high : low);
  if (min >= MAX_REPEAT || (!isOpen && max >= MAX_REPEAT)) {
    throw new PatternError("the repetition number is too large");
  }
  if (max < min) throw new PatternError("min repeat greater than max repeat");
  return {
    min,
    max,
    greed: reader.take("?") ? "lazy" : reader.take("+") ? "possessive" : "greedy",
  };
}

function repeatable(item: Syntax | undefined): Syntax {
  if (item === undefined || item.kind === "anchor") throw new PatternError("nothing to repeat");
  if (item.kind === "repeat") throw new PatternError("multiple repeat");
  return item;
}
