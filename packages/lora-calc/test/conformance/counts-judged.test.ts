/** Counts of real and drawn models against PEFT's, of families and methods far beyond today's: equal, or refused by name. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { PROBLEM_CODES } from "../../src/problem/codes.js";
import type { CodeFacts } from "../../src/problem/codes.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";
import { readGoldens } from "./goldens.js";

interface Judged {
  readonly id: string;
  readonly scenario: Scenario;
  readonly expected: { readonly trainable: number; readonly all: number } | { readonly error: string };
}

const rows = readGoldens("counts-judged.jsonl.gz") as readonly Judged[];

/** What is not counted yet says so: by the model's or by the method's name. */
const NOT_COVERED: readonly string[] = ["unknown_model_type", "unknown_peft_type"];

function isCovered({ scenario }: Judged): boolean {
  const result = estimate(scenario);
  return !isRefusal(result) || !NOT_COVERED.includes(result.error.code);
}

function answer(scenario: Scenario): Judged["expected"] {
  const result = estimate(scenario);
  if (!isRefusal(result)) {
    const { trainable, all } = result.parameters;
    return { trainable, all };
  }
  const { exception = result.error.message }: CodeFacts = PROBLEM_CODES[result.error.code];
  return { error: exception };
}

describe("judged counts", () => {
  const covered = rows.filter(isCovered);

  it.each(covered)("$id", ({ scenario, expected }) => {
    expect(answer(scenario)).toEqual(expected);
  });

  it("cover at least 13 of the 60", () => {
    expect(rows.length).toBe(60);
    expect(covered.length).toBeGreaterThanOrEqual(13);
  });
});
