/** Which tensors keep a dtype of their own where the model is loaded in one of 16 bits, as transformers loads it (conformance/loaded_dtypes.py). */

import { describe, expect, it } from "vitest";
import { buildGraph } from "../../src/graph/build-graph.js";
import { keptDtype } from "../../src/memory/load/kept-dtype.js";
import { rootSite, sitesOf } from "../../src/graph/tree/sites.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { TRANSFORMERS_5_18 } from "../../src/worlds/transformers-5.18.js";
import { TRANSFORMERS_5_24 } from "../../src/worlds/transformers-5.24.js";
import type { World } from "../../src/worlds/world.js";
import { readGoldens } from "./goldens.js";

type Kept = Readonly<Record<string, string>>;

interface Loaded {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly dtypes: Readonly<Record<"bfloat16" | "float16", Kept>>;
}

const ASKED = ["bfloat16", "float16"] as const;
const FILES: readonly (readonly [World, string])[] = [
  [TRANSFORMERS_5_18, "loaded-dtypes.jsonl.gz"],
  [TRANSFORMERS_5_24, "loaded-dtypes-transformers-5.24.jsonl.gz"],
];

/** Dtype by path of every saved tensor that has not the dtype asked for. */
function keptBy(
  { config, architecture }: Loaded,
  world: World,
  asked: "bfloat16" | "float16",
): Kept {
  const model = architecture === null ? { config } : { config, architecture };
  const { graph } = buildGraph(
    { ...describeModel(model, () => ({})), ties: "config" },
    world,
  );
  const dtypeOf = keptDtype(graph, asked);
  const stored = [rootSite(graph), ...sitesOf(graph)].flatMap(({ pattern, path, node }) => [
    ...node.parameters.map((parameter) => [pattern, parameter.name, dtypeOf(path, parameter)]),
    ...node.buffers
      .filter(({ isPersistent }) => isPersistent === true)
      .map(({ name, dtype }) => [pattern, name, dtype === "model" ? asked : dtype]),
  ]);
  return Object.fromEntries(
    stored
      .filter(([, , dtype]) => dtype !== asked)
      .map(([pattern = "", name = "", dtype = ""]) => [pathOf(pattern, name), dtype]),
  );
}

/** Numeric components become `*`, as the judge writes them. */
function pathOf(pattern: string, name: string): string {
  const path = pattern === "" ? name : `${pattern}.${name}`;
  return path.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");
}

describe.each(FILES)("dtypes after loading", (world, file) => {
  const [, ...cases] = readGoldens(file) as readonly Loaded[];
  it.each(cases)(`${world.id}: $id`, (loaded) => {
    for (const asked of ASKED) expect(keptBy(loaded, world, asked)).toEqual(loaded.dtypes[asked]);
  });
});
