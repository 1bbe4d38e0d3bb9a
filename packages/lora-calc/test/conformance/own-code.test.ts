/** Models whose classes lie in their repository, against that code (conformance/remote_code.py, transformers 4.57). */

import { describe, expect, it } from "vitest";
import { compareTree, readTrees } from "./compare-trees.js";
import { compare, readModels } from "./counted-cases.js";

const trees = readTrees("trees-own-code.jsonl.gz");
const counted = readModels("counts-own-code.jsonl.gz");

describe("module trees of repositories' own classes", () => {
  it.each(trees)("$id", compareTree);
});

describe("counts on repositories' own classes equal PEFT's", () => {
  it.each(counted)("$id", compare);

  it("over two hundred cases of five codes", () => {
    expect(counted.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(200);
    expect(new Set(counted.map(({ id }) => id.split("-")[0])).size).toBe(5);
  });
});
