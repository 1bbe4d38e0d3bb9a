/** Counts from a safetensors header alone against PEFT's on the model it came from (conformance/headers.py). */

import { expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isObject } from "../../src/problem/fields.js";
import { PROBLEM_CODES } from "../../src/problem/codes.js";
import type { CodeFacts } from "../../src/problem/codes.js";
import { isRefusal } from "../../src/result.js";
import { readGoldens } from "./goldens.js";

interface Headed {
  readonly id: string;
  readonly safetensors: JsonObject;
  readonly cases: readonly {
    readonly adapter: JsonObject;
    readonly trainable?: number;
    readonly all?: number;
    /** Exception, for example where a pattern hits a module that no adapter takes. */
    readonly error?: string;
  }[];
}

const models = readGoldens("headers.jsonl.gz").filter(
  (row): row is Headed => isObject(row) && "safetensors" in row,
);

function answer(model: JsonObject, adapter: JsonObject): unknown {
  const result = estimate({ model, adapter });
  if (isRefusal(result)) {
    const facts: CodeFacts = PROBLEM_CODES[result.error.code];
    return { error: facts.exception };
  }
  return { trainable: result.parameters.trainable, all: result.parameters.all };
}

it.each(models)("$id", ({ safetensors, cases }) => {
  expect(cases.length).toBe(4);
  for (const { adapter, ...expected } of cases) {
    expect({ adapter, answer: answer({ safetensors }, adapter) }).toEqual({
      adapter,
      answer: expected,
    });
  }
});

it("covers types with a blueprint and without", () => {
  expect(models.length).toBeGreaterThanOrEqual(10);
});
