/** Sets of characters as tests on code points, with Python's meaning of the classes. */

import type { CharacterTest, Flags } from "./syntax.js";

const NEWLINE = 10;
const LAST_ASCII = 127;

/** `\d`, `\w`, `\s` for texts; their ASCII forms exclude everything above 127. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  d: /^\p{Nd}$/u,
  w: /^[\p{L}\p{N}_]$/u,
  s: /^[\s\u{85}]$/u,
};

/** Whether the letter after a backslash names a class: d, D, w, W, s, S. */
export function isClassLetter(letter: string): boolean {
  return Object.hasOwn(CLASSES, letter.toLowerCase());
}

export function classTest(letter: string, flags: Flags): CharacterTest {
  const lower = letter.toLowerCase();
  const pattern = CLASSES[lower];
  if (pattern === undefined) throw new Error(`no class ${letter}`);
  const isMember: CharacterTest = (codePoint) =>
    (codePoint <= LAST_ASCII || !flags.ascii) && pattern.test(String.fromCodePoint(codePoint));
  return letter === lower ? isMember : (codePoint) => !isMember(codePoint);
}

export const isWord: CharacterTest = classTest("w", {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
});

export function literalTest(codePoint: number, flags: Flags): CharacterTest {
  return rangeTest(codePoint, codePoint, flags);
}

export function rangeTest(from: number, to: number, { ignoreCase }: Flags): CharacterTest {
  const isBetween: CharacterTest = (codePoint) => codePoint >= from && codePoint <= to;
  if (!ignoreCase) return isBetween;
  return (codePoint) => casesOf(codePoint).some(isBetween);
}

function casesOf(codePoint: number): readonly number[] {
  const text = String.fromCodePoint(codePoint);
  return [text, text.toLowerCase(), text.toUpperCase()].map((form) => form.codePointAt(0) ?? 0);
}

/** `.`: everything but a newline, unless `(?s)`. */
export function dotTest({ dotAll }: Flags): CharacterTest {
  return dotAll ? () => true : (codePoint) => codePoint !== NEWLINE;
}

export function anyOf(tests: readonly CharacterTest[], isNegated: boolean): CharacterTest {
  return (codePoint) => tests.some((test) => test(codePoint)) !== isNegated;
}
