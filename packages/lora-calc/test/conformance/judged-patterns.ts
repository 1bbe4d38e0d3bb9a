/** Patterns as Python's `re` took them (conformance/regexes.py), and what our matcher makes of them. */

import { parseRegex } from "../../src/adapter/regex/parse-regex.js";
import { programOf } from "../../src/adapter/regex/program.js";
import { run, StepBudgetError } from "../../src/adapter/regex/run.js";
import { PatternError } from "../../src/adapter/regex/syntax.js";
import { readGoldens } from "./goldens.js";

export interface JudgedPattern {
  readonly pattern: string;
  readonly error?: string;
  readonly timeout?: true;
  readonly full?: readonly (readonly number[])[];
  readonly start?: readonly (readonly number[])[];
}

const [head, ...rows] = readGoldens("regexes.jsonl.gz") as [
  { readonly texts: readonly string[] },
  ...JudgedPattern[],
];
const STEPS = 4_000_000;

function matches(pattern: string, isFull: boolean): readonly (readonly number[])[] {
  const { syntax, groups } = parseRegex(pattern);
  const program = programOf(syntax, groups);
  const budget = { left: STEPS };
  return head.texts.flatMap((text, index) => {
    const spans = run(program, text, isFull, budget);
    if (spans === undefined) return [];
    const pairs = Array.from({ length: groups }, (_, group) => {
      const end = spans[2 * group + 1] ?? -1;
      // Python gives no span to a group that was entered and not left.
      return end < 0 ? [-1, -1] : [spans[2 * group] ?? -1, end];
    });
    return [[index, ...pairs.flat()]];
  });
}

/** What the matcher makes of a pattern, in the form of the record. */
export function judge(pattern: string): JudgedPattern {
  try {
    return { pattern, full: matches(pattern, true), start: matches(pattern, false) };
  } catch (error) {
    if (error instanceof StepBudgetError) return { pattern, timeout: true };
    throw error;
  }
}

export function isAccepted(pattern: string): boolean {
  try {
    parseRegex(pattern);
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

/** Names of characters that Python looks up in its own database: refused here. */
const isUnknown = ({ pattern }: JudgedPattern): boolean => pattern.includes(String.raw`\N{`);

export const patterns: readonly JudgedPattern[] = rows.filter((row) => !isUnknown(row));
