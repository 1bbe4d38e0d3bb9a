/** Counts of real and drawn models against PEFT's, of many families and methods. */

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

/** The judge built every model from its configuration, without a checkpoint. */
function fromConfig({ model, ...rest }: Scenario): Scenario {
  return { ...rest, model: typeof model === "string" ? model : { ...model, ties: "config" } };
}

function answer(scenario: Scenario): Judged["expected"] {
  const result = estimate(fromConfig(scenario));
  if (!isRefusal(result)) {
    const { trainable, all } = result.parameters;
    return { trainable, all };
  }
  const { exception = result.error.message }: CodeFacts = PROBLEM_CODES[result.error.code];
  return { error: exception };
}

describe("judged counts", () => {
  it.each(rows)("$id", ({ scenario, expected }) => {
    expect(answer(scenario)).toEqual(expected);
  });

  it("are 60", () => expect(rows.length).toBe(60));
});
