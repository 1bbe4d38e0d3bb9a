/** Sizes of adapter_model.safetensors against files that PEFT wrote (conformance/adapter_file.py). */

import { describe, expect, it } from "vitest";
import { adapterFileBytes } from "../../src/adapter/saved/file-bytes.js";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import { describeModel } from "../../src/model/description.js";
import { isDtype } from "../../src/units/dtype.js";
import golden from "./adapter-file.json" with { type: "json" };
import { USUAL_WORLD } from "../../src/worlds/index.js";

describe("adapterFileBytes", () => {
  it.each(golden.cases)("$config.model_type $adapter in $dtype", ({ config, adapter, dtype, bytes }) => {
    const { graph } = buildGraph(describeModel({ config }, () => ({})), USUAL_WORLD);
    const plan = planAdapter(graph, adapter, USUAL_WORLD);
    if (!isDtype(dtype)) throw new Error(dtype);
    expect(adapterFileBytes(plan, { base: dtype })).toBe(bytes);
  });
});
