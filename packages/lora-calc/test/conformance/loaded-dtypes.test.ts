/** Which tensors keep a dtype of their own where the model is loaded in bfloat16, as transformers loads it (conformance/loaded_dtypes.py). */

import { describe, expect, it } from "vitest";
import { buildGraph } from "../../src/graph/build-graph.js";
import { rootSite, sitesOf } from "../../src/graph/tree/sites.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { TRANSFORMERS_5_18 } from "../../src/worlds/transformers-5.18.js";
import { TRANSFORMERS_5_24 } from "../../src/worlds/transformers-5.24.js";
import type { World } from "../../src/worlds/world.js";
import { readGoldens } from "./goldens.js";

interface Loaded {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly dtypes: Readonly<Record<string, string>>;
}

const ASKED = "bfloat16";
const FILES: readonly (readonly [World, string])[] = [
  [TRANSFORMERS_5_18, "loaded-dtypes.jsonl.gz"],
  [TRANSFORMERS_5_24, "loaded-dtypes-transformers-5.24.jsonl.gz"],
];

/** Dtype by path of every saved tensor that has not the dtype asked for. */
function keptBy({ config, architecture }: Loaded, world: World): Loaded["dtypes"] {
  const model = architecture === null ? { config } : { config, architecture };
  const { graph } = buildGraph(
    { ...describeModel(model, () => ({})), ties: "config" },
    world,
  );
  const kept = [rootSite(graph), ...sitesOf(graph)].flatMap(({ pattern, node }) =>
    [...node.parameters, ...node.buffers.filter(({ isPersistent }) => isPersistent)].flatMap(
      ({ name, dtype = "model" }) =>
        dtype === "model" || dtype === ASKED
          ? []
          : [[[pattern, name].filter(Boolean).join(".").replace(/(?<=^|\.)\d+(?=\.|$)/g, "*"), dtype]],
    ),
  );
  return Object.fromEntries(kept) as Loaded["dtypes"];
}

describe.each(FILES)("dtypes after loading", (world, file) => {
  const [, ...cases] = readGoldens(file) as readonly Loaded[];
  it.each(cases)(`${world.id}: $id`, (loaded) => {
    expect(keptBy(loaded, world)).toEqual(loaded.dtypes);
  });
});
