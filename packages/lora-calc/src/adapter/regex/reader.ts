/** A position in a pattern. */

import { PatternError } from "./syntax.js";

export class Reader {
  private readonly text: string;
  private position = 0;

  constructor(text: string) {
    this.text = text;
  }

  atEnd(): boolean {
    return this.position >= this.text.length;
  }

  atStart(): boolean {
    return this.position === 0;
  }

  /** The character `ahead` places from here, "" behind the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.position + ahead);
  }

  /** The next character, as a whole code point. */
  next(): string {
    const codePoint = this.text.codePointAt(this.position);
    if (codePoint === undefined) throw new PatternError("unexpected end of pattern");
    const letter = String.fromCodePoint(codePoint);
    this.position += letter.length;
    return letter;
  }

  /** Steps over `expected` if it stands here. */
  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.position)) return false;
    this.position += expected.length;
    return true;
  }

  /** What a sticky expression finds here; the position stays. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    return pattern.exec(this.text) ?? undefined;
  }

  skip(length: number): void {
    this.position += length;
  }

  /** Steps over white space or a `#` comment; true when there was one. */
  skipVerboseSpace(): boolean {
    const space = this.match(/\s+|#[^\n]*/y);
    if (space === undefined) return false;
    this.skip(space[0].length);
    return true;
  }
}
