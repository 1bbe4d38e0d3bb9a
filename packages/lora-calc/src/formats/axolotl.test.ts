import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import type { JsonObject } from "../problem/fields.js";
import { readTrainerFile } from "./read-file.js";

const LORA = { base_model: "Qwen/Qwen3-4B", adapter: "lora", lora_r: 16, lora_alpha: 32 };

const read = readerOf({});

describe("an Axolotl file", () => {
  it("is a scenario under Axolotl, key by key", () => {
    const file = read({
      ...LORA,
      lora_target_modules: ["q_proj", "v_proj"],
      peft_use_dora: true,
      sequence_len: 2048,
      micro_batch_size: 2,
      gradient_accumulation_steps: 4,
      optimizer: "adamw_torch_8bit",
      bf16: "auto",
      learning_rate: 0.0002,
      datasets: [{ path: "tatsu-lab/alpaca", type: "alpaca" }],
    });
    expect(file.scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "axolotl-0.19",
      adapter: { r: 16, lora_alpha: 32, target_modules: ["q_proj", "v_proj"], use_dora: true },
      training: {
        max_length: 2048,
        per_device_train_batch_size: 2,
        gradient_accumulation_steps: 4,
        optim: "adamw_torch_8bit",
        bf16: true,
        learning_rate: 0.0002,
      },
    });
    expect(file.ignored).toEqual(["learning_rate", "datasets"]);
    expect(file.findings).toEqual([]);
  });

  it("without an adapter trains every weight", () => {
    expect(read({ base_model: "gpt2", sequence_len: 512 }).scenario.adapter).toBeNull();
  });

  it("packs 4 bits under qlora, with what it is told", () => {
    const file = read({
      ...LORA,
      adapter: "qlora",
      load_in_4bit: true,
      bnb_config_kwargs: { bnb_4bit_quant_type: "fp4" },
    });
    expect(file.scenario.quantization).toEqual({ load_in_4bit: true, bnb_4bit_quant_type: "fp4" });
  });

  it.each([
    ["lora", "load_in_4bit"],
    ["qlora", "load_in_8bit"],
  ])("adapter %s beside %s loads 16 bits, and says so", (adapter, key) => {
    const file = read({ ...LORA, adapter, [key]: true });
    expect(file.scenario.quantization).toBeUndefined();
    // Without 4 bits Axolotl does not take qlora at all.
    const more = adapter === "qlora" ? ["trap load_in_4bit"] : [];
    expect(codesOf(file)).toEqual([...more, `trap ${key}`]);
  });

  it("loads a checkpoint that is packed already as it is", () => {
    const base = "unsloth/Meta-Llama-3.1-8B-bnb-4bit";
    expect(codesOf(read({ ...LORA, base_model: base, load_in_4bit: true }))).toEqual([]);
  });

  it.each([
    [4, { torch_empty_cache_steps: 4 }],
    [-1, {}],
  ])("gc_steps %i empties the cache where it is positive", (steps, training) => {
    expect(read({ ...LORA, gc_steps: steps }).scenario.training).toEqual(training);
  });

  it("takes switches of attention by their new name, and packs with it", () => {
    const file = read({ ...LORA, flash_attention: true, sample_packing: true });
    expect(file.scenario.training).toEqual({
      attn_implementation: "flash_attention_2",
      packing: true,
    });
    expect(codesOf(file)).toEqual(["old_key flash_attention"]);
    expect(codesOf(read({ ...LORA, flash_attention: false }))).toEqual([]);
  });

  it("cuts the loss by its plugin, and tells of the key alone", () => {
    const plugins = ["axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin"];
    expect(read({ ...LORA, plugins }).scenario.training).toEqual({ loss: "cce" });
    expect(read({ ...LORA, plugins, cut_cross_entropy: false }).scenario.training).toEqual({});
    expect(codesOf(read({ ...LORA, cut_cross_entropy: true }))).toEqual(["trap cut_cross_entropy"]);
  });

  it("divides a whole batch into micro-batches", () => {
    const file = read({ ...LORA, batch_size: 16, micro_batch_size: 4 });
    expect(file.scenario.training).toMatchObject({ gradient_accumulation_steps: 4 });
  });

  it.each<[string, unknown]>([
    ["fsdp_config", { reshard_after_forward: true }],
    ["deepspeed", "zero3.json"],
    ["rl", "dpo"],
    ["optimizer", "muon"],
    ["optimizer", "flash_adamw"],
    ["attn_implementation", "flex_attention"],
    ["gradient_checkpointing", "offload"],
    ["plugins", ["axolotl.integrations.liger.LigerPlugin"]],
    ["lora_mlp_kernel", false],
    ["sample_packing", true],
    ["adapter", "llama-adapter"],
  ])("names %s, which is not computed", (key, value) => {
    expect(codesOf(read({ ...LORA, [key]: value }))).toEqual([`not_computed ${key}`]);
  });

  it("says nothing of what is off", () => {
    const file = read({
      ...LORA,
      deepspeed: null,
      fsdp: [],
      torch_compile: false,
      lora_mlp_kernel: true,
      rl: null,
    });
    expect(file.findings).toEqual([]);
    expect(file.ignored).toContain("torch_compile");
  });

  it("names a key that nobody reads, with the nearest", () => {
    const [found] = read({ ...LORA, lora_rnk: 8 }).findings;
    expect(found).toMatchObject({ code: "unknown_key", key: "lora_rnk" });
    expect(found?.message).toMatch(/drops it in silence; did you mean lora_r/);
  });

  it("names no beginning of names as the nearest", () => {
    const [found] = read({ ...LORA, wandb: true }).findings;
    expect(found?.message).not.toContain("*");
  });

  it("of a model with experts leaves them out of every linear layer", () => {
    const file = read({
      ...LORA,
      base_model: "mistralai/Mixtral-8x7B-v0.1",
      lora_target_linear: true,
    });
    expect(codesOf(file)).toEqual(["not_computed lora_target_linear"]);
    expect(codesOf(read({ ...LORA, lora_target_linear: true }))).toEqual([]);
  });
});

it("every key of a file is used, ignored or told, whatever its name", () => {
  const given = {
    ...LORA,
    ...{ fsdp: ["full_shard"], wandb_project: "x", nonsense: 1, flash_attention: true },
    ...{ sdp_attention: false, constructor: 1, toString: 2, valueOf: null },
    ...(JSON.parse('{"__proto__": {"lora_r": 3}}') as JsonObject),
    ["__proto__"]: { lora_r: 3 },
  };
  const { used, ignored, findings, scenario } = read(given);
  const told = new Set([...used, ...ignored, ...findings.map(({ key }) => key)]);
  for (const key of Object.keys(given)) expect(told).toContain(key);
  expect(scenario.adapter).toMatchObject({ r: 16 });
});

it("what is no trainer's file is none", () => {
  for (const value of [undefined, null, 7, "x", [], {}, { model: "gpt2" }, { model_type: "gpt2" }])
    expect(readTrainerFile(value)).toBeUndefined();
});
