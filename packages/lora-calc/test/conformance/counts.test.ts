/** Counts and adapted modules against real PEFT (conformance/counts.py): drawn adapters on small models of every family. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { answer, compare, readModels } from "./counted-cases.js";

/** Drawn adapters (conformance/counts.py). */
const models = readModels("counts.jsonl.gz");
/** Adapters on single parameters and on replicated layers (conformance/layer_counts.py). */
const layered = readModels("layer-counts.jsonl.gz");

describe("counts equal PEFT's", () => {
  it.each(models)("$id", compare);

  it("over at least four thousand cases, at least a twelfth of them refused by PEFT", () => {
    const cases = models.flatMap((model) => model.cases);
    const errors = cases.filter((golden) => "error" in golden);
    expect(cases.length).toBeGreaterThanOrEqual(4000);
    expect(errors.length / cases.length).toBeGreaterThanOrEqual(1 / 12);
  });
});

describe("counts of single parameters and replicated layers equal PEFT's", () => {
  it.each(layered)("$id", compare);
});

describe("hostile options of layers and parameters", () => {
  const config = { model_type: "llama" };
  it.each([
    ["invalid_layer_index", { layer_replication: [[0, 1e12]] }],
    ["invalid_layer_index", { layer_replication: [[-1e12, 0]] }],
    ["limit_exceeded", { layer_replication: Array.from({ length: 1e5 }, () => [0, 32]) }],
    [
      "unknown_target_module",
      { target_modules: [], target_parameters: Array.from({ length: 1e4 }, (_, i) => `x.${i}`) },
    ],
  ])("are refused with %s before they are spelled out", (code, options) => {
    const result = answer(
      { id: "", config, architecture: null, cases: [], transformers: "5.18.0" },
      { r: 8, target_modules: ["q_proj"], ...options },
    );
    expect(isRefusal(result) ? result.error.code : "counted").toBe(code);
  });
});

/** The same under transformers 4.57 (conformance/counts.py with that release). */
const older = readModels("counts-transformers-4.jsonl.gz");

describe("counts under transformers 4.57 equal PEFT's", () => {
  it.each(older)("$id", compare);

  it("over at least a thousand cases of 60 types, experts among them", () => {
    expect(older.every(({ transformers }) => transformers.startsWith("4.57."))).toBe(true);
    const types = new Set(older.map(({ config }) => config["model_type"]));
    expect(types.size).toBeGreaterThanOrEqual(60);
    expect(older.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(1000);
    expect([...types]).toEqual(expect.arrayContaining(["mixtral", "qwen3_moe", "deepseek_v3"]));
  });

  it.each(["vit", "gpt_neox", "qwen3_5"])("refuses %s by name, which is another there", (type) => {
    const scenario = { model: { config: { model_type: type } }, adapter: { r: 8 } };
    const result = estimate({ ...scenario, versions: { transformers: "4.57.6" } });
    expect(isRefusal(result) ? result.error.code : "counted").toBe("unsupported");
  });
});
