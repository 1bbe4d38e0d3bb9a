/** Escapes that stand for one character. */

import type { Reader } from "./reader.js";
import { PatternError } from "./syntax.js";

const CONTROL: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 };
const BACKSPACE = 8;
const MAX_CODE_POINT = 0x10ffff;

/** `\x41`, `é`, `\U0001f600`: number of hexadecimal digits by letter. */
const HEXADECIMAL: Readonly<Record<string, RegExp>> = {
  x: /[0-9a-fA-F]{2}/y,
  u: /[0-9a-fA-F]{4}/y,
  U: /[0-9a-fA-F]{8}/y,
};

/** Code point of the escape whose backslash was just read. */
export function readEscape(reader: Reader, place: "inside a set" | "outside a set"): number {
  if (reader.atEnd()) throw new PatternError("bad escape (end of pattern)");
  const octal = reader.match(
    place === "inside a set" ? /[0-7]{1,3}/y : /0[0-7]{0,2}|[0-3][0-7]{2}/y,
  );
  if (octal !== undefined) {
    reader.skip(octal[0].length);
    return Number.parseInt(octal[0], 8);
  }
  const letter = reader.next();
  if (letter === "b" && place === "inside a set") return BACKSPACE;
  const control = CONTROL[letter];
  if (control !== undefined) return control;
  const digits = HEXADECIMAL[letter];
  if (digits !== undefined) return readHexadecimal(reader, digits, letter);
  if (/[1-9]/.test(letter) && place === "outside a set") {
    throw new PatternError(`backreferences (\\${letter})`, true);
  }
  if (letter === "N") throw new PatternError("named characters (\\N{…})", true);
  if (/[A-Za-z0-9]/.test(letter)) throw new PatternError(`bad escape \\${letter}`);
  return letter.codePointAt(0) ?? 0;
}

function readHexadecimal(reader: Reader, digits: RegExp, letter: string): number {
  const found = reader.match(digits);
  const codePoint = found === undefined ? Infinity : Number.parseInt(found[0], 16);
  if (found === undefined || codePoint > MAX_CODE_POINT) {
    throw new PatternError(`incomplete escape \\${letter}`);
  }
  reader.skip(found[0].length);
  return codePoint;
}
