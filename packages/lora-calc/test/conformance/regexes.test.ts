/** The matcher against Python's `re` on real module paths (conformance/regexes.py): errors, and every group's span. */

import { describe, expect, it } from "vitest";
import { parseRegex } from "../../src/adapter/regex/parse-regex.js";
import { programOf } from "../../src/adapter/regex/program.js";
import { run, StepBudgetError } from "../../src/adapter/regex/run.js";
import { PatternError } from "../../src/adapter/regex/syntax.js";
import { readGoldens } from "./goldens.js";

interface Judged {
  readonly pattern: string;
  readonly error?: string;
  readonly timeout?: true;
  readonly full?: readonly (readonly number[])[];
  readonly start?: readonly (readonly number[])[];
}

const [head, ...rows] = readGoldens("regexes.jsonl.gz") as [
  { readonly texts: readonly string[] },
  ...Judged[],
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
function judge(pattern: string): Judged {
  try {
    return { pattern, full: matches(pattern, true), start: matches(pattern, false) };
  } catch (error) {
    if (error instanceof StepBudgetError) return { pattern, timeout: true };
    throw error;
  }
}

function isAccepted(pattern: string): boolean {
  try {
    parseRegex(pattern);
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

const hasError = ({ error }: Judged): boolean => error !== undefined;
const isRefused = ({ pattern }: Judged): boolean => pattern.includes(String.raw`\N{`);

describe("regular expressions", () => {
  it("has the patterns that the comparison needs", () => {
    expect(rows.filter((row) => !hasError(row)).length).toBeGreaterThan(1000);
    expect(rows.filter(({ timeout }) => timeout).length).toBeGreaterThan(10);
    expect(rows.filter(hasError).length).toBeGreaterThan(300);
  });

  it("refuses what Python refuses, and nothing else", () => {
    const known = rows.filter((row) => !isRefused(row));
    const refused = known.filter(({ pattern }) => !isAccepted(pattern));
    expect(refused.map(({ pattern }) => pattern)).toEqual(
      known.filter(hasError).map(({ pattern }) => pattern),
    );
  });

  it("matches the same paths, with the same groups", () => {
    for (const row of rows.filter((candidate) => candidate.full !== undefined)) {
      if (!isRefused(row)) expect(judge(row.pattern)).toEqual(row);
    }
  }, 60_000);

  it("refuses by its budget what Python does not finish in a second", () => {
    for (const row of rows.filter(({ timeout }) => timeout)) {
      expect(judge(row.pattern)).toEqual(row);
    }
  }, 60_000);
});
