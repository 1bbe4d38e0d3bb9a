/** Module trees against those that transformers builds (conformance/trees.py): names, classes, order, shapes, ties. */

import { describe, it } from "vitest";
import { compareTree, readTrees } from "./compare-trees.js";

const trees = readTrees("trees.jsonl.gz");

describe("module trees", () => {
  it.each(trees.filter(({ error }) => error === undefined))("$id", compareTree);
});
