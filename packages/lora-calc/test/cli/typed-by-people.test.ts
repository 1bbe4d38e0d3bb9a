/** What people type that is not our spelling: read as they mean it, or answered with what they may have meant. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asScenario, estimate, findGpu, isRefusal } from "../../src/index.js";
import type { Estimate } from "../../src/index.js";
import { readScenario, scenarioOf } from "../../cli/input/read-scenario.js";
import { applyFlags } from "../../cli/input/apply-flags.js";
import { USUAL } from "../../cli/input/usual.js";
import { caught } from "./caught-output.js";

const RUN = { model: "gpt2", adapter: { r: 8 }, training: {} };
const on = (gpu: unknown): Estimate => {
  const result = estimate(asScenario({ ...RUN, hardware: { gpu } }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
};
const refusal = (scenario: object): unknown => {
  const result = estimate(asScenario(scenario));
  return isRefusal(result) ? result.error : result;
};

describe("cards", () => {
  it.each(["A800", "H800", "4090D", "RTX 4090 D"])("%s is known", (name) => {
    expect(findGpu(name).name).toBeDefined();
  });

  it("24GB and 24G are the least of the cards sold so (A10: 23,028 MiB), 24GiB is exactly that", () => {
    for (const size of ["24GB", "24G", "24 gb"]) {
      const { fit, assumed } = on(size);
      expect(fit?.capacity).toBe(23_028 * 2 ** 20);
      expect(assumed.some(({ path }) => path === "hardware.gpu")).toBe(true);
    }
    expect(on("24GiB").fit?.capacity).toBe(24 * 2 ** 30);
  });

  it("44G, which no card is sold with, is as many bytes as it says", () => {
    for (const size of ["44G", "44 g", "44GB"]) expect(on(size).fit?.capacity).toBe(44e9);
  });

  it("2x4090 is two cards under DDP, and no other count beside it", () => {
    const names = (gpu: string): readonly string[] =>
      on(gpu).memory?.beyond_tensors?.map(({ name }) => name) ?? [];
    expect(names("2x4090")).toContain("nccl");
    expect(names("2 x RTX 4090")).toContain("nccl");
    expect(names("4090")).not.toContain("nccl");
    expect(on("2x4090").assumed).toContainEqual(
      expect.objectContaining({ path: "hardware.strategy", value: "ddp" }),
    );
    const both = { ...RUN, hardware: { gpu: "2x4090", count: 4 } };
    expect(refusal(both)).toMatchObject({ code: "invalid_value", path: "hardware.gpu" });
  });
});

describe("names of models", () => {
  it("no other size or version is suggested", () => {
    expect(refusal({ model: "google/gemma-3-28b-it" })).toMatchObject({
      code: "unknown_model",
      message: expect.not.stringContaining("did you mean") as string,
    });
    expect(refusal({ model: "google/gemma-2-27b-itt" })).toMatchObject({
      message: expect.stringContaining("google/gemma-2-27b") as string,
    });
  });

  it.each([
    ["AutoModelForCausalLM", "score", 1],
    ["AutoModelForSequenceClassification", "q_proj", 1],
  ])("%s is the class of the type", (architecture) => {
    const config = { model_type: "llama", vocab_size: 100, hidden_size: 32, num_hidden_layers: 1 };
    const sizes = { ...config, intermediate_size: 64, num_attention_heads: 4 };
    const result = estimate({ model: { config: sizes, architecture }, adapter: null });
    expect(isRefusal(result) ? result.error : "counted").toBe("counted");
  });

  it("an auto class that the type has none for is named", () => {
    const model = { config: { model_type: "llama" }, architecture: "AutoModelForSeq2SeqLM" };
    expect(refusal({ model })).toMatchObject({ path: "model.architecture" });
  });
});

describe("fields that only their owners know", () => {
  it.each([
    [{ training: { beta: 0.1 } }, "training.beta"],
    [{ training: { num_generations: 8 } }, "training.num_generations"],
    [{ quantization: { quant_method: "awq", bits: 4 } }, "quantization.quant_method"],
    [{ quantization: { quant_method: "mxfp4" } }, "quantization.quant_method"],
  ])("%o is unsupported, not unknown", (fields, path) => {
    expect(refusal({ ...RUN, ...fields })).toMatchObject({ code: "unsupported", path });
  });
});

describe("files and flags", () => {
  it("a folder with an adapter alone is the adapter of its base", async () => {
    const folder = mkdtempSync(join(tmpdir(), "adapter-"));
    const adapter = { peft_type: "LORA", r: 4, base_model_name_or_path: "gpt2" };
    writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(adapter));
    const { text } = await caught(async (output) => {
      await output.result(JSON.stringify(await readScenario(folder, output)));
      return 0;
    });
    expect(JSON.parse(text)).toMatchObject({ model: "gpt2", adapter: { r: 4 } });
  });

  it("a trainer's file is read, and what it says that nobody reads is told on one line each", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "trainer-")), "config.yaml");
    const keys = ["base_model: gpt2", "adapter: lora", "lora_r: 4", "lora_rnk: 8", '"x\\e[2J": 1'];
    writeFileSync(path, `${keys.join("\n")}\n`);
    const { text, talk } = await caught(async (output) => {
      await output.result(JSON.stringify(await readScenario(path, output)));
      return 0;
    });
    expect(JSON.parse(text)).toEqual({
      ...{ model: "gpt2", stack: "axolotl-0.19", adapter: { r: 4 }, training: {} },
    });
    expect(talk).toMatch(/read as Axolotl's, under axolotl-0.19: 3 keys used/);
    expect(talk).toMatch(/does not know lora_rnk and drops it in silence; did you mean lora_r\?/);
    expect(talk).not.toContain("\u001B");
  });

  it("a trainer's file is named as one, though it has a model_type", () => {
    const axolotl = { base_model: "NousResearch/Llama-3.2-1B", model_type: "AutoModelForCausalLM" };
    expect(() => scenarioOf(axolotl, "config.yaml")).toThrow(/file of a trainer/);
  });

  it("another method has PEFT's defaults, not our rank", () => {
    const flags = new Map([["--peft-type", "IA3"]]);
    const scenario = applyFlags({ model: "gpt2", ...USUAL }, flags);
    expect(scenario.adapter).toEqual({ peft_type: "IA3" });
    expect(isRefusal(estimate(scenario))).toBe(false);
  });
});
