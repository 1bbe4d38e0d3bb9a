/** The syntax tree of a regular expression. */

/** Whether a character, given by its code point, is in a set. */
export type CharacterTest = (codePoint: number) => boolean;

/** Places that match between characters. */
export type Anchor =
  | "text_start"
  | "text_end"
  | "line_start"
  | "line_end"
  | "last_line_end"
  | "word"
  | "not_word"
  | "ascii_word"
  | "not_ascii_word";

/** Which number of repeats is tried first; a possessive repeat keeps what it took. */
export type Greed = "greedy" | "lazy" | "possessive";

export type Syntax =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  | { readonly kind: "sequence"; readonly items: readonly Syntax[] }
  | { readonly kind: "alternation"; readonly options: readonly Syntax[] }
  | {
      readonly kind: "repeat";
      readonly item: Syntax;
      readonly min: number;
      /** MAX_REPEAT when unbounded. */
      readonly max: number;
      readonly greed: Greed;
    }
  /** A group whose text is remembered under its number, from 1. */
  | { readonly kind: "capture"; readonly item: Syntax; readonly group: number }
  /** `(?>…)`: what it took is not given back. */
  | { readonly kind: "atomic"; readonly item: Syntax }
  /** `(?=…)`, `(?!…)`; with a width `(?<=…)`, `(?<!…)`, which start that many characters before. */
  | {
      readonly kind: "look";
      readonly item: Syntax;
      readonly isNegated: boolean;
      readonly width: number;
    }
  /** `\1`, `(?P=name)`: the text that the group took. */
  | { readonly kind: "reference"; readonly group: number; readonly flags: Flags }
  /** `(?(1)yes|no)`: which of the two depends on whether the group took part. */
  | {
      readonly kind: "conditional";
      readonly group: number;
      readonly yes: Syntax;
      readonly no: Syntax;
    };

/** "No upper bound" of a repeat, the number that CPython's `re` uses; larger counts are its OverflowError. */
export const MAX_REPEAT = 4_294_967_295;

/** What the letters in `(?aimsux)` switch. */
export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

export const NO_FLAGS: Flags = {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
};

/** A pattern that Python's `re` would refuse, or that this engine refuses although Python knows it. */
export class PatternError extends Error {
  /** True for what Python accepts: `\N{…}`, very long or deep patterns. */
  readonly isUnsupported: boolean;

  constructor(message: string, isUnsupported = false) {
    super(message);
    this.name = "PatternError";
    this.isUnsupported = isUnsupported;
  }
}
