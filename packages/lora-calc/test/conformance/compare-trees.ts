/** Whether a module tree is that of the judge: names, classes, order, shapes, ties. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { buildGraph } from "../../src/graph/build-graph.js";
import type { ModuleGraph, ModuleNode } from "../../src/graph/tree/module-graph.js";
import { parameterCount, rootSite, sitesOf } from "../../src/graph/tree/sites.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { USUAL_WORLD } from "../../src/worlds/index.js";

interface Row {
  readonly path: string;
  readonly type: string;
  readonly parameters?: Readonly<Record<string, readonly number[]>>;
  readonly buffers?: Readonly<Record<string, readonly [readonly number[], string]>>;
  readonly count: number;
}

export interface Tree {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly error?: string;
  readonly class: string;
  readonly rows: readonly Row[];
  readonly tied: readonly (readonly string[])[];
  readonly parameters: number;
  readonly input: string | null;
  readonly output: string | null;
}

/** The trees of a golden file; the first line names the releases. */
export function readTrees(name: string): readonly Tree[] {
  const packed = readFileSync(new URL(name, import.meta.url));
  const [, ...lines] = gunzipSync(packed).toString().trim().split("\n");
  return lines.map((line): Tree => JSON.parse(line) as Tree);
}

function build({ config, architecture }: Tree): ModuleGraph {
  const model = architecture === null ? { config } : { config, architecture };
  return buildGraph(
    { ...describeModel(model, () => ({})), ties: "config" },
    USUAL_WORLD,
  ).graph;
}

/** Numeric components of a path become `*`, as the judge writes them. */
function collapse(path: string): string {
  return path.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");
}

function factsOf({ type, parameters, buffers }: ModuleNode): Omit<Row, "path" | "count"> {
  return {
    type,
    ...(parameters.length === 0
      ? {}
      : { parameters: Object.fromEntries(parameters.map(({ name, shape }) => [name, shape])) }),
    ...(buffers.length === 0
      ? {}
      : {
          buffers: Object.fromEntries(
            buffers.map(({ name, shape, dtype }) => [
              name,
              [shape, dtype === "model" ? "float32" : dtype],
            ]),
          ),
        }),
  };
}

function rowsOf(graph: ModuleGraph): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const site of [rootSite(graph), ...sitesOf(graph)]) {
    const facts = { path: collapse(site.pattern), ...factsOf(site.node) };
    const key = JSON.stringify(facts);
    rows.set(key, { ...facts, count: (rows.get(key)?.count ?? 0) + site.count });
  }
  return [...rows.values()];
}

export function compareTree(tree: Tree): void {
  const graph = build(tree);
  expect(rowsOf(graph).map((row) => JSON.stringify(row))).toEqual(
    tree.rows.map((row) => JSON.stringify(row)),
  );
  expect(graph.tied).toEqual(tree.tied);
  expect({
    class: graph.className,
    parameters: parameterCount(graph),
    input: graph.inputEmbedding ?? null,
    output: graph.outputEmbedding ?? null,
  }).toEqual({
    class: tree.class,
    parameters: tree.parameters,
    input: tree.input,
    output: tree.output,
  });
}
