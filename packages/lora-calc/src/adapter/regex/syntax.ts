/** The syntax tree of a regular expression. */

/** Whether a character, given by its code point, is in a set. */
export type CharacterTest = (codePoint: number) => boolean;

/** Places that match between characters. */
export type Anchor =
  "text_start" | "text_end" | "line_start" | "line_end" | "last_line_end" | "word" | "not_word";

export type Syntax =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  | { readonly kind: "sequence"; readonly items: readonly Syntax[] }
  | { readonly kind: "alternation"; readonly options: readonly Syntax[] }
  | {
      readonly kind: "repeat";
      readonly item: Syntax;
      readonly min: number;
      /** Infinity when unbounded. */
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "group"; readonly item: Syntax; readonly name?: string };

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
  /** True for what Python accepts: look-around, backreferences, atomic groups. */
  readonly isUnsupported: boolean;

  constructor(message: string, isUnsupported = false) {
    super(message);
    this.name = "PatternError";
    this.isUnsupported = isUnsupported;
  }
}
