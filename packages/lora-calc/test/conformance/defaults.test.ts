/** Models whose config.json says nothing but the model_type: the defaults of transformers' classes (conformance/defaults.py). */

import { expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { blueprintOf, modelTypes } from "../../src/graph/blueprints/index.js";
import { isObject } from "../../src/problem/fields.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { readGoldens } from "./goldens.js";

interface Default {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly parameters?: number;
}

const rows = readGoldens("defaults.jsonl.gz").filter(
  (row): row is Default => isObject(row) && "config" in row,
);
const buildable = rows.filter(({ parameters }) => parameters !== undefined);

function resultOf({ config, architecture }: Default) {
  return estimate({ model: architecture === null ? { config } : { config, architecture } });
}

it.each(buildable)("$id", (row) => {
  const result = resultOf(row);
  if (isRefusal(result)) throw new Error(result.error.message);
  expect(result.parameters.base).toBe(row.parameters);
});

it("lists each default once", () => {
  for (const row of rows) {
    const result = resultOf(row);
    if (isRefusal(result)) continue;
    const paths = result.assumed.map(({ path }) => path);
    expect([row.id, paths]).toEqual([row.id, [...new Set(paths)]]);
  }
});

it("covers every model_type; few have defaults that transformers itself cannot build", () => {
  // Classes that lie in repositories have a configuration there.
  const own = modelTypes().filter((type) => blueprintOf(type)?.isOwnCode !== true);
  expect(rows.map(({ id }) => id).sort()).toEqual([...own].sort());
  expect(rows.length - buildable.length).toBeLessThanOrEqual(6);
});
