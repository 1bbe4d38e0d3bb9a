/** Regular expressions of adapter configurations, with the meaning Python gives them and a bound on their work. */

import { reject } from "../../problem/problem.js";
import type { LayerSight } from "./layer-sight.js";
import { parseRegex } from "./parse-regex.js";
import { partsOf, programOf } from "./program.js";
import type { Program } from "./program.js";
import { run, StepBudgetError } from "./run.js";
import type { Spans, StepBudget } from "./run.js";
import { PatternError } from "./syntax.js";
import type { Syntax } from "./syntax.js";

/** Steps of the patterns of one field over all module paths; 4 million take about 0.2 s. */
const MAX_STEPS = 4_000_000;

/** A bound on the work of patterns that share it. */
export function stepBudget(): StepBudget {
  return { left: MAX_STEPS };
}

const DIGITS = Array.from("0123456789", (digit) => digit.charCodeAt(0));

export class PythonRegex {
  /** `length` when no part of the pattern tells one digit from another. */
  readonly layerSight: LayerSight;
  private readonly program: Program;
  private readonly groupNames: ReadonlyMap<string, number>;
  private readonly path: string;
  private readonly budget: StepBudget;

  /** `path` is the place of the pattern in the scenario. */
  constructor(pattern: string, path: string, budget = stepBudget()) {
    this.path = path;
    this.budget = budget;
    try {
      const { syntax, groups, groupNames } = parseRegex(pattern);
      this.program = programOf(syntax, groups);
      this.groupNames = groupNames;
      this.layerSight = treatsDigitsAlike(syntax) ? "length" : "index";
    } catch (error) {
      if (error instanceof PatternError) rejectPattern(error, pattern, path);
      throw error;
    }
  }

  /** Whether `re.fullmatch(pattern, text)` matches. */
  fullMatch(text: string): boolean {
    return this.run(text, true) !== undefined;
  }

  /** Whether `re.match(pattern, text)` matches: from the start, to anywhere. */
  matchStart(text: string): boolean {
    return this.run(text, false) !== undefined;
  }

  /** `re.match(pattern, text).group(name)`. */
  groupAtStart(text: string, name: string): string | undefined {
    const spans = this.run(text, false);
    const group = this.groupNames.get(name);
    const end = group === undefined ? undefined : spans?.[2 * group + 1];
    if (spans === undefined || group === undefined || end === undefined || end < 0)
      return undefined;
    return Array.from(text)
      .slice(spans[2 * group], end)
      .join("");
  }

  private run(text: string, isFull: boolean): Spans | undefined {
    try {
      return run(this.program, text, isFull, this.budget);
    } catch (error) {
      if (!(error instanceof StepBudgetError)) throw error;
      reject({
        code: "limit_exceeded",
        path: this.path,
        message: `${this.path} needs more than ${MAX_STEPS} steps to match the module ${text}, and Python's re as many; use a simpler pattern or a list of names`,
      });
    }
  }
}

function treatsDigitsAlike(syntax: Syntax): boolean {
  if (syntax.kind === "reference") return false;
  if (syntax.kind !== "character") return partsOf(syntax).every(treatsDigitsAlike);
  const accepted = DIGITS.filter((digit) => syntax.test(digit)).length;
  return accepted === 0 || accepted === DIGITS.length;
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
