/**
 * Sizes of published models, as transformers 5.18 builds them (conformance/base_totals.py): equal to the unit where there is
 * a blueprint, refused by name where there is none.
 */

import { expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { modelTypes } from "../../src/graph/blueprints/index.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { readGoldens } from "./goldens.js";

interface Total {
  readonly id: string;
  readonly config: JsonObject & { readonly model_type: string };
  readonly architecture: string;
  readonly parameters?: number;
}

const totals = (readGoldens("base-totals.jsonl.gz") as readonly Total[]).filter(
  ({ parameters }) => parameters !== undefined,
);
const known = new Set(modelTypes());
const isKnown = ({ config }: Total): boolean => known.has(config.model_type);

function sizeOf({ config, architecture }: Total): unknown {
  const result = estimate({ model: { config, architecture, ties: "config" } });
  return isRefusal(result) ? result.error.code : result.parameters.base;
}

it("counts every published model of a known model_type as transformers does", () => {
  const ours = Object.fromEntries(totals.filter(isKnown).map((row) => [row.id, sizeOf(row)]));
  const theirs = Object.fromEntries(totals.filter(isKnown).map((row) => [row.id, row.parameters]));
  expect(ours).toEqual(theirs);
  expect(Object.keys(ours).length).toBeGreaterThanOrEqual(215);
});

it("refuses the others by name", () => {
  for (const row of totals.filter((each) => !isKnown(each))) {
    expect([row.id, sizeOf(row)]).toEqual([row.id, "unknown_model_type"]);
  }
});
