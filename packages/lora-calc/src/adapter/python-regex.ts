/** Regular expressions of adapter configurations, with the meaning Python gives them and a bound on their work. */

import { reject } from "../problem/problem.js";
import type { LayerSight } from "./layer-sight.js";
import { parseRegex } from "./regex/parse-regex.js";
import { programOf } from "./regex/program.js";
import type { Instruction } from "./regex/program.js";
import { run, StepBudgetError } from "./regex/run.js";
import type { Match } from "./regex/run.js";
import { PatternError } from "./regex/syntax.js";
import type { Syntax } from "./regex/syntax.js";

/** Steps of one pattern over all module paths; 10 million take about 0.2 s. */
const MAX_STEPS = 10_000_000;

const DIGITS = Array.from("0123456789", (digit) => digit.charCodeAt(0));

export class PythonRegex {
  /** `length` when no part of the pattern tells one digit from another. */
  readonly layerSight: LayerSight;
  private readonly program: readonly Instruction[];
  private readonly path: string;
  private readonly budget = { left: MAX_STEPS };

  /** `path` is the place of the pattern in the scenario; the group called `captured` can be read from matches. */
  constructor(pattern: string, path: string, captured?: string) {
    this.path = path;
    try {
      const syntax = parseRegex(pattern);
      this.program = programOf(syntax, captured);
      this.layerSight = treatsDigitsAlike(syntax) ? "length" : "index";
    } catch (error) {
      if (error instanceof PatternError) rejectPattern(error, pattern, path);
      throw error;
    }
  }

  /** `re.fullmatch(pattern, text)`. */
  fullMatch(text: string): Match | undefined {
    return this.run(text, true);
  }

  /** `re.match(pattern, text)`: from the start, to anywhere. */
  matchStart(text: string): Match | undefined {
    return this.run(text, false);
  }

  private run(text: string, isFull: boolean): Match | undefined {
    try {
      return run(this.program, text, isFull, this.budget);
    } catch (error) {
      if (!(error instanceof StepBudgetError)) throw error;
      reject({
        code: "limit_exceeded",
        path: this.path,
        message: `${this.path} needs more than ${MAX_STEPS} steps on this model; use a shorter pattern or a list of names`,
      });
    }
  }
}

function treatsDigitsAlike(syntax: Syntax): boolean {
  switch (syntax.kind) {
    case "character": {
      const accepted = DIGITS.filter((digit) => syntax.test(digit)).length;
      return accepted === 0 || accepted === DIGITS.length;
    }
    case "anchor":
      return true;
    case "sequence":
      return syntax.items.every(treatsDigitsAlike);
    case "alternation":
      return syntax.options.every(treatsDigitsAlike);
    case "repeat":
    case "group":
      return treatsDigitsAlike(syntax.item);
  }
}

function rejectPattern(error: PatternError, pattern: string, path: string): never {
  if (error.isUnsupported) {
    reject({
      code: "unsupported_regex",
      path,
      message: `${path}: ${error.message} are not supported; write the pattern without them or list the names`,
      received: pattern,
    });
  }
  reject({
    code: "invalid_regex",
    path,
    message: `${path} is not a valid regular expression: ${error.message}`,
    received: pattern,
  });
}

/** `re.escape`: the text as a pattern that matches only itself. */
export function escapeRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, (letter) => `\\${letter}`);
}
