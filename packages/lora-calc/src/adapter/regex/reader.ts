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

  /** The text that a sticky expression finds here, and steps over it; "" where it finds nothing. */
  takeMatch(pattern: RegExp): string {
    const [found = ""] = this.match(pattern) ?? [];
    this.position += found.length;
    return found;
  }

  /** Everything before `end`, and steps over both. */
  takeUntil(end: string, what: string): string {
    const place = this.text.indexOf(end, this.position);
    if (place < 0) throw new PatternError(`missing ${end}, unterminated ${what}`);
    const found = this.text.slice(this.position, place);
    if (found === "") throw new PatternError(`missing ${what}`);
    this.position = place + end.length;
    return found;
  }
}
