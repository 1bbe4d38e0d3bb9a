/** Sets of characters as tests on code points, with Python's meaning of the classes. */

import type { CharacterTest, Flags } from "./syntax.js";
import { NO_FLAGS } from "./syntax.js";
import { missing } from "../../problem/missing.js";

const NEWLINE = 10;
const LAST_ASCII = 127;

/** `\d`, `\w`, `\s` for texts; their ASCII forms exclude everything above 127. */
const CLASSES: Readonly<Record<string, CharacterTest>> = {
  d: (codePoint) => /^\p{Nd}$/u.test(String.fromCodePoint(codePoint)),
  w: (codePoint) => /^[\p{L}\p{N}_]$/u.test(String.fromCodePoint(codePoint)),
  s: isSpace,
};

/** str.isspace: JavaScript's white space without the byte order mark, and the separators 28 to 31. */
function isSpace(codePoint: number): boolean {
  if (codePoint >= 28 && codePoint <= 31) return true;
  return codePoint !== 0xfeff && /^[\s\u{85}]$/u.test(String.fromCodePoint(codePoint));
}

/** Members of each class below 128: nearly all characters of module paths. */
const ASCII_MEMBERS: Readonly<Record<string, readonly boolean[]>> = Object.fromEntries(
  Object.entries(CLASSES).map(([letter, test]) => [
    letter,
    Array.from({ length: LAST_ASCII + 1 }, (_, code) => test(code)),
  ]),
);

/** Whether the letter after a backslash names a class: d, D, w, W, s, S. */
export function isClassLetter(letter: string): boolean {
  return Object.hasOwn(CLASSES, letter.toLowerCase());
}

export function classTest(letter: string, flags: Flags): CharacterTest {
  const lower = letter.toLowerCase();
  const test = CLASSES[lower];
  const members = ASCII_MEMBERS[lower];
  if (test === undefined || members === undefined) throw new Error(`no class ${letter}`);
  const isMember: CharacterTest = (codePoint) =>
    codePoint <= LAST_ASCII ? members[codePoint] === true : !flags.ascii && test(codePoint);
  return letter === lower ? isMember : (codePoint) => !isMember(codePoint);
}

export const isWord: CharacterTest = classTest("w", NO_FLAGS);
export const isAsciiWord: CharacterTest = classTest("w", { ...NO_FLAGS, ascii: true });

export function literalTest(literal: number, flags: Flags): CharacterTest {
  if (!flags.ignoreCase) return (codePoint) => codePoint === literal;
  return (codePoint) => isSameLetter(codePoint, literal, flags);
}

/** Whether two characters are equal but for their case. */
export function isSameLetter(left: number, right: number, flags: Flags): boolean {
  if (left === right) return true;
  const forms = casesOf(right, flags);
  return casesOf(left, flags).some((form) => forms.includes(form));
}

export function rangeTest(from: number, to: number, flags: Flags): CharacterTest {
  const isBetween: CharacterTest = (codePoint) => codePoint >= from && codePoint <= to;
  if (!flags.ignoreCase) return isBetween;
  return (codePoint) => casesOf(codePoint, flags).some(isBetween);
}

/** A character in every case; `ſ` and `K` (the Kelvin sign) have the small letters of their capitals, too. */
function casesOf(codePoint: number, { ascii }: Flags): readonly number[] {
  if (ascii && codePoint > LAST_ASCII) return [codePoint];
  const text = String.fromCodePoint(codePoint);
  const upper = text.toUpperCase();
  return [text, text.toLowerCase(), upper, upper.toLowerCase()].map(
    (form) => form.codePointAt(0) ?? missing(),
  );
}

/** `.`: everything but a newline, unless `(?s)`. */
export function dotTest({ dotAll }: Flags): CharacterTest {
  return dotAll ? () => true : (codePoint) => codePoint !== NEWLINE;
}

export function anyOf(tests: readonly CharacterTest[], isNegated: boolean): CharacterTest {
  return (codePoint) => tests.some((test) => test(codePoint)) !== isNegated;
}
