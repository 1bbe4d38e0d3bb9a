import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import type { JsonObject } from "../problem/fields.js";

const FILE = { model_name_or_path: "Qwen/Qwen3-4B", stage: "sft", template: "qwen3" };

const read = readerOf(FILE);

describe("a LLaMA-Factory file", () => {
  it("takes its own defaults for the adapter", () => {
    expect(read({}).scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "llama-factory-0.9",
      adapter: { r: 8, lora_alpha: 16, target_modules: "all-linear" },
      training: {},
    });
  });

  it("takes null for what is not said", () => {
    const nulls = { lora_rank: null, lora_target: null, lora_alpha: null, quantization_type: null };
    expect(read({ ...nulls, quantization_bit: 4 }).scenario).toEqual({
      ...read({ quantization_bit: 4 }).scenario,
    });
  });

  it("reads names with commas between", () => {
    const file = read({
      lora_rank: 4,
      lora_target: "q_proj, v_proj",
      additional_target: "lm_head",
    });
    expect(file.scenario.adapter).toEqual({
      ...{ r: 4, lora_alpha: 8, target_modules: ["q_proj", "v_proj"] },
      modules_to_save: ["lm_head"],
    });
  });

  it("trains whole models", () => {
    expect(read({ finetuning_type: "full" }).scenario.adapter).toBeNull();
  });

  it.each([
    [{ quantization_bit: 8 }, { load_in_8bit: true }],
    [{ quantization_bit: 4 }, { load_in_4bit: true }],
    [
      { quantization_bit: 4, quantization_type: "fp4", double_quantization: false },
      { load_in_4bit: true, bnb_4bit_quant_type: "fp4", bnb_4bit_use_double_quant: false },
    ],
  ])("packs %j as %j", (given, expected) => {
    expect(read(given).scenario.quantization).toEqual(expected);
  });

  it.each([
    ["auto", {}],
    ["disabled", { attn_implementation: "eager" }],
    ["sdpa", { attn_implementation: "sdpa" }],
    ["fa2", { attn_implementation: "flash_attention_2" }],
  ])("flash_attn %s", (given, expected) => {
    expect(read({ flash_attn: given }).scenario.training).toEqual(expected);
  });

  it("takes the old true of flash_attn for fa2", () => {
    const file = read({ flash_attn: true, neat_packing: true });
    expect(file.scenario.training).toMatchObject({ attn_implementation: "flash_attention_2" });
    expect(codesOf(file)).toContain("old_key flash_attn");
  });

  it("starts from PiSSA in so many rounds, or whole", () => {
    const of = (more: JsonObject): unknown =>
      read({ pissa_init: true, ...more }).scenario.adapter?.init_lora_weights;
    expect([of({}), of({ pissa_iter: 4 }), of({ pissa_iter: -1 })]).toEqual([
      ...["pissa_niter_16", "pissa_niter_4", "pissa"],
    ]);
  });

  it.each<[string, unknown]>([
    ["stage", "dpo"],
    ["finetuning_type", "freeze"],
    ["quantization_bit", 2],
    ["flash_attn", "fa3"],
    ["neat_packing", true],
    ["use_unsloth", true],
    ["enable_liger_kernel", true],
    ["use_galore", true],
    ["deepspeed", "ds_z3.json"],
    ["freeze_vision_tower", false],
  ])("names %s, which is not computed", (key, value) => {
    expect(codesOf(read({ [key]: value }))).toEqual([`not_computed ${key}`]);
  });

  it("of a model with experts leaves them out of all", () => {
    const file = read({ model_name_or_path: "mistralai/Mixtral-8x7B-v0.1" });
    expect(codesOf(file)).toEqual(["not_computed lora_target"]);
  });

  it("names misspelt keys with the right ones, and old ones with the new", () => {
    const file = read({ Lora_target: "q_proj", "num train epochs": 3, evaluation_strategy: "no" });
    const messages = file.findings.map(({ message }) => message).join("\n");
    expect(messages).toMatch(/Lora_target and refuses it; did you mean lora_target\?/);
    expect(messages).toMatch(/num train epochs and refuses it; did you mean num_train_epochs\?/);
    expect(messages).toMatch(/evaluation_strategy is an old name; it is eval_strategy: no now/);
  });
});
