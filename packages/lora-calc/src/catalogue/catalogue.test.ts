import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildGraph } from "../graph/build-graph.js";
import { parameterCount } from "../graph/tree/sites.js";
import { describeModel } from "../model/description.js";
import { catalogueModules } from "../../../../scripts/build-catalogue.mjs";
import { findGpu, listGpus } from "./gpus.js";
import { catalogueConfig, findModel, listModels } from "./models.js";
import { findRecipe, listRecipes } from "./recipes.js";
import { USUAL_WORLD } from "../worlds/index.js";

/** Rows of models on the page; what the first load really asks for is weighed by scripts/page-size.mjs. */
const MAX_MODELS_GZIPPED = 25_000;

describe("rows", () => {
  it("are what the committed JSON gives", () => {
    for (const { url, text } of catalogueModules()) expect(readFileSync(url, "utf8")).toBe(text);
  });

  it("of models stay within their budget", () => {
    const models = catalogueModules().find(({ url }) => url.href.endsWith("models.ts"));
    expect(gzipSync(models?.text ?? "").length).toBeLessThan(MAX_MODELS_GZIPPED);
    expect(models?.text).toContain("meta-llama/Llama-3.1-8B");
  });

  it("name a source and a date", () => {
    for (const row of [...listModels(), ...listGpus(), ...listRecipes()]) {
      expect(row.source, row.id).not.toBe("");
      expect(row.checkedOn, row.id).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });

  it("share no name", () => {
    const repositories = listModels().flatMap((row) => [row.repo, ...(row.aliases ?? [])]);
    expect(new Set(repositories).size).toBe(repositories.length);
    for (const row of listGpus()) {
      for (const name of [row.id, row.name, ...(row.names ?? [])])
        expect(findGpu(name).id).toBe(row.id);
    }
  });
});

describe("listModels()", () => {
  // The totals in models.json were counted by transformers on the meta device (conformance/count.py).
  it.each(listModels().map((row) => [row.id, row] as const))("%s builds to its total", (_, row) => {
    const description = describeModel(row.repo, catalogueConfig);
    if (description.kind !== "config") throw new Error("not a config");
    const built = buildGraph({ ...description, ties: "config" }, USUAL_WORLD);
    expect(parameterCount(built.graph)).toBe(row.parameters);
  });
});

describe("findModel(name)", () => {
  it.each([
    ["meta-llama/Llama-3.1-8B", "llama-3.1-8b"],
    ["META-LLAMA/llama-3.1-8b", "llama-3.1-8b"],
    ["llama 3.1 8B", "llama-3.1-8b"],
    ["Llama-3.1-8B-Instruct", "llama-3.1-8b"],
    ["Qwen/Qwen3-4B-Instruct-2507", "qwen3-4b"],
    ["gpt2", "gpt2"],
  ])("%s is %s", (name, id) => {
    expect(findModel(name).id).toBe(id);
  });

  it.each([
    ["meta-llama/Lama-3.1-8B", "(did you mean meta-llama/Llama-3.1-8B?)"],
    ["Qwen/Qwen3-4B-My-Tune", "(did you mean Qwen/Qwen3-4B?)"],
    ["lama-3.1-8b", "(did you mean llama-3.1-8b?)"],
  ])("%s is refused with the nearest name", (name, hint) => {
    expect(() => findModel(name)).toThrow(hint);
  });

  it("refuses a name that resembles nothing", () => {
    expect(() => findModel("__proto__")).toThrow(
      "model is not in the catalogue: __proto__; any other model works through its config.json",
    );
  });
});

describe("findGpu(name)", () => {
  it.each([
    ["RTX 4090", "rtx-4090"],
    ["rtx-4090", "rtx-4090"],
    ["4090", "rtx-4090"],
    ["NVIDIA GeForce RTX 4090", "rtx-4090"],
    ["A100 80GB", "a100-80gb-sxm"],
    ["NVIDIA A100-SXM4-80GB", "a100-80gb-sxm"],
    ["H100", "h100-sxm"],
    ["Tesla T4", "t4"],
  ])("%s is %s", (name, id) => {
    expect(findGpu(name).id).toBe(id);
  });

  // nvidia-smi prints 24564MiB for this card
  it("knows the total of the driver, not the size on the box", () => {
    expect(findGpu("RTX 4090").memoryBytes).toBe(24_564 * 2 ** 20);
  });

  it("asks which when a name fits several sizes", () => {
    expect(() => findGpu("A100")).toThrow("there are several A100 (did you mean A100 40GB, ");
  });

  it("refuses an unknown card with the nearest name", () => {
    expect(() => findGpu("RTX 4091")).toThrow("(did you mean RTX 4090?)");
    expect(() => findGpu("")).toThrow("gpu is not in the catalogue");
  });
});

describe("listRecipes()", () => {
  it.each(listRecipes().map((row) => [row.id, row] as const))(
    "%s names a known model",
    (_, row) => {
      expect(findModel(row.scenario.model).parameters).toBeGreaterThan(0);
      expect(row.source).toMatch(/^https:\/\/github\.com\/.+\/blob\/[0-9a-f]{40}\//);
    },
  );

  it("is searched by id", () => {
    expect(findRecipe("qlora-guanaco-7b").scenario.adapter["r"]).toBe(64);
    expect(() => findRecipe("qlora-guanaco-8b")).toThrow("(did you mean qlora-guanaco-7b?)");
  });
});
