import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import { readTrainerFile } from "./read-file.js";

const FILE = { model: "Qwen/Qwen3-4B", tuner_type: "lora", use_hf: true };

const read = readerOf(FILE);

describe("an ms-swift file", () => {
  it("takes its own defaults for the adapter", () => {
    expect(read({}).scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "ms-swift-4.6",
      adapter: { r: 8, lora_alpha: 32, lora_dropout: 0.05, target_modules: "all-linear" },
      training: {},
    });
  });

  it.each<[unknown, unknown]>([
    ["q_proj,v_proj", ["q_proj", "v_proj"]],
    [["q_proj"], ["q_proj"]],
    ["all-linear", "all-linear"],
    [["all-linear"], "all-linear"],
  ])("target_modules %j are %j", (given, expected) => {
    expect(read({ target_modules: given }).scenario.adapter).toMatchObject({
      target_modules: expected,
    });
  });

  it("matches by a pattern where one is given", () => {
    const file = read({ target_regex: ".*[qv]_proj", init_weights: "false" });
    expect(file.scenario.adapter).toMatchObject({
      ...{ target_modules: ".*[qv]_proj", init_lora_weights: false },
    });
  });

  it("packs with bitsandbytes, and rows under flash-attn", () => {
    const file = read({
      quant_bits: 4,
      bnb_4bit_quant_type: "fp4",
      attn_impl: "flash_attn",
      packing: true,
    });
    expect(file.scenario.quantization).toEqual({ load_in_4bit: true, bnb_4bit_quant_type: "fp4" });
    expect(file.scenario.training).toEqual({
      attn_implementation: "flash_attention_2",
      packing: true,
    });
    expect(codesOf(read({ packing: true }))).toEqual(["not_computed packing"]);
  });

  it("says that names with commas between are one name", () => {
    const file = read({ target_modules: "q_proj,v_proj" });
    expect(codesOf(file)).toEqual(["trap target_modules"]);
    expect(file.findings[0]?.message).toContain("write a list: [q_proj, v_proj]");
    expect(codesOf(read({ target_modules: ["q_proj", "v_proj"] }))).toEqual([]);
  });

  it("reads old names", () => {
    const file = readTrainerFile({ model: "gpt2", sft_type: "full" });
    expect(file?.scenario.adapter).toBeNull();
    expect(file === undefined ? [] : codesOf(file)).toEqual(["old_key sft_type", "assumed use_hf"]);
  });

  it.each<[string, unknown]>([
    ["tuner_type", "longlora"],
    ["quant_bits", 3],
    ["attn_impl", "flash_attention_3"],
    ["deepspeed", "zero2"],
    ["freeze_vit", false],
    ["use_liger_kernel", true],
  ])("names %s, which is not computed", (key, value) => {
    expect(codesOf(read({ [key]: value }))).toEqual([`not_computed ${key}`]);
  });

  it("is not what a scenario looks like", () => {
    const scenario = { model: "gpt2", adapter: { r: 8, target_modules: ["c_attn"] }, training: {} };
    expect(readTrainerFile(scenario)).toBeUndefined();
  });
});
