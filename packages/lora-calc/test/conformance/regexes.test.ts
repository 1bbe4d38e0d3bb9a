/** The matcher against Python's `re` on real module paths (conformance/regexes.py): errors, and every group's span. */

import { describe, expect, it } from "vitest";
import { isAccepted, judge, patterns } from "./judged-patterns.js";
import type { JudgedPattern } from "./judged-patterns.js";

const hasError = ({ error }: JudgedPattern): boolean => error !== undefined;

describe("regular expressions", () => {
  it("has the patterns that the comparison needs", () => {
    expect(patterns.filter((row) => !hasError(row)).length).toBeGreaterThan(1000);
    expect(patterns.filter(({ timeout }) => timeout).length).toBeGreaterThan(10);
    expect(patterns.filter(hasError).length).toBeGreaterThan(300);
  });

  it("refuses what Python refuses, and nothing else", () => {
    const refused = patterns.filter(({ pattern }) => !isAccepted(pattern));
    expect(refused.map(({ pattern }) => pattern)).toEqual(
      patterns.filter(hasError).map(({ pattern }) => pattern),
    );
  });

  it("matches the same paths, with the same groups", () => {
    for (const row of patterns.filter(({ full }) => full !== undefined)) {
      expect(judge(row.pattern)).toEqual(row);
    }
  });

  it("refuses by its budget what Python does not finish in a second", () => {
    for (const row of patterns.filter(({ timeout }) => timeout)) {
      expect(judge(row.pattern)).toEqual(row);
    }
  });
});
