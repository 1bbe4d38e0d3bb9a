/** What stands after a backslash. */

import { classTest, isClassLetter, literalTest } from "./character-sets.js";
import type { Groups } from "./groups.js";
import type { Reader } from "./reader.js";
import type { Anchor, CharacterTest, Flags, Syntax } from "./syntax.js";
import { PatternError } from "./syntax.js";
import { missing } from "../../problem/missing.js";

const CONTROL: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 };
const BACKSPACE = 8;
const MAX_CODE_POINT = 0x10ffff;
const MAX_OCTAL = 0o377;

/** `\x41`, `\u00e9`, `\U0001f600`: number of hexadecimal digits by letter. */
const HEXADECIMAL: Readonly<Record<string, RegExp>> = {
  x: /[0-9a-fA-F]{2}/y,
  u: /[0-9a-fA-F]{4}/y,
  U: /[0-9a-fA-F]{8}/y,
};

const OUTSIDE_OCTAL = /0[0-7]{0,2}|[1-7][0-7]{2}/y;
const INSIDE_OCTAL = /[0-7]{1,3}/y;

const ANCHORS: Readonly<Record<string, Anchor>> = { A: "text_start", Z: "text_end" };

/** The escape outside a set whose backslash was just read: an anchor, a class, a reference or one character. */
export function readEscapedAtom(reader: Reader, flags: Flags, groups: Groups): Syntax {
  const letter = reader.peek();
  const anchor = ANCHORS[letter] ?? wordAnchor(letter, flags);
  if (anchor !== undefined) {
    reader.next();
    return { kind: "anchor", anchor };
  }
  if (isClassLetter(letter)) return { kind: "character", test: classTest(reader.next(), flags) };
  if (/[1-9]/.test(letter) && reader.match(/[0-7]{3}/y) === undefined) {
    const group = groups.refer(Number(reader.takeMatch(/\d\d?/y)));
    return { kind: "reference", group, flags };
  }
  return { kind: "character", test: literalTest(readCharacter(reader, OUTSIDE_OCTAL), flags) };
}

/** The escape inside a set: a class or one character. */
export function readEscapedMember(reader: Reader, flags: Flags): number | CharacterTest {
  if (isClassLetter(reader.peek())) return classTest(reader.next(), flags);
  if (reader.take("b")) return BACKSPACE;
  return readCharacter(reader, INSIDE_OCTAL);
}

function wordAnchor(letter: string, { ascii }: Flags): Anchor | undefined {
  if (letter === "b") return ascii ? "ascii_word" : "word";
  if (letter === "B") return ascii ? "not_ascii_word" : "not_word";
  return undefined;
}

function readCharacter(reader: Reader, octal: RegExp): number {
  if (reader.atEnd()) throw new PatternError("bad escape (end of pattern)");
  const digits = reader.takeMatch(octal);
  if (digits !== "") {
    const codePoint = Number.parseInt(digits, 8);
    if (codePoint > MAX_OCTAL) {
      throw new PatternError(`octal escape value \\${digits} outside of range 0-0o377`);
    }
    return codePoint;
  }
  const letter = reader.next();
  const control = CONTROL[letter];
  if (control !== undefined) return control;
  const hexadecimal = HEXADECIMAL[letter];
  if (hexadecimal !== undefined) return readHexadecimal(reader, hexadecimal, letter);
  if (letter === "N") throw new PatternError("named characters (\\N{…})", true);
  if (/[A-Za-z0-9]/.test(letter)) throw new PatternError(`bad escape \\${letter}`);
  return letter.codePointAt(0) ?? missing();
}

function readHexadecimal(reader: Reader, digits: RegExp, letter: string): number {
  const found = reader.takeMatch(digits);
  const codePoint = Number.parseInt(found, 16);
  if (found === "") throw new PatternError(`incomplete escape \\${letter}`);
  if (codePoint > MAX_CODE_POINT) throw new PatternError(`bad escape \\${letter}${found}`);
  return codePoint;
}
