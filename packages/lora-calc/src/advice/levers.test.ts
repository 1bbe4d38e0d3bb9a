import { describe, expect, it } from "vitest";
import { DEFAULT_STEP } from "../fields/step.js";
import type { TrainingSettings } from "../memory/settings/training.js";
import type { JsonObject } from "../problem/fields.js";
import { applyChange, byPrice, LEVERS, LEVERS_BY_PRICE } from "./levers.js";
import type { Change } from "./situation.js";

type Fields = Readonly<{
  training?: Partial<TrainingSettings>;
  adapter?: JsonObject | null;
  quantization?: JsonObject | null;
}>;

function changeOf(
  id: string,
  { training, adapter = { r: 8 }, quantization = null }: Fields,
): Change | undefined {
  const rule = LEVERS.find((lever) => lever.id === id);
  if (rule === undefined) throw new Error(`no lever ${id}`);
  return rule.change({ training: { ...DEFAULT_STEP, ...training }, adapter, quantization });
}

const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" };

describe("a lever that applies", () => {
  it.each<[string, Fields, Change]>([
    ["bf16_base", { training: { dtype: "float32" } }, { training: { dtype: "bfloat16" } }],
    ["chunked_loss", { training: { loss: "hf" } }, { training: { loss: "chunked_nll" } }],
    [
      "chunked_loss",
      { training: { loss: "nll", loop: "function" } },
      { training: { loss: "chunked_nll" } },
    ],
    [
      "no_kbit_preparation",
      { training: { prepare_kbit: true } },
      { training: { prepare_kbit: false } },
    ],
    [
      "sdpa",
      { training: { attn_implementation: "eager" } },
      { training: { attn_implementation: "sdpa" } },
    ],
    [
      "fused_adamw",
      { training: { optim: "adamw_torch" } },
      { training: { optim: "adamw_torch_fused" } },
    ],
    ["double_quant", { quantization: NF4 }, { quantization: { bnb_4bit_use_double_quant: true } }],
    [
      "reentrant_int8",
      { quantization: { load_in_8bit: true } },
      { training: { use_reentrant: true } },
    ],
    [
      "checkpointing",
      { training: { gradient_checkpointing: false } },
      { training: { gradient_checkpointing: true } },
    ],
    [
      "nf4",
      { quantization: { load_in_8bit: true } },
      {
        quantization: {
          load_in_8bit: false,
          load_in_4bit: true,
          bnb_4bit_quant_type: "nf4",
          bnb_4bit_use_double_quant: true,
        },
      },
    ],
    ["empty_cache", {}, { training: { torch_empty_cache_steps: 1 } }],
    [
      "micro_batch",
      { training: { per_device_train_batch_size: 5, gradient_accumulation_steps: 3 } },
      { training: { per_device_train_batch_size: 2, gradient_accumulation_steps: 6 } },
    ],
    [
      "micro_batch",
      { training: { per_device_train_batch_size: 2 } },
      { training: { per_device_train_batch_size: 1, gradient_accumulation_steps: 2 } },
    ],
    ["bf16_adapters", {}, { training: { adapter_dtype: "bfloat16" } }],
    ["no_dropout", { adapter: { r: 8, lora_dropout: 0.05 } }, { adapter: { lora_dropout: 0 } }],
    ["no_dora", { adapter: { r: 8, use_dora: true } }, { adapter: { use_dora: false } }],
    [
      "adamw_8bit",
      { training: { optim: "adamw_torch_fused" } },
      { training: { optim: "adamw_bnb_8bit" } },
    ],
    [
      "adamw_8bit",
      { training: { optim: "paged_adamw_32bit" } },
      { training: { optim: "adamw_bnb_8bit" } },
    ],
    ["half_length", { training: { max_length: 257 } }, { training: { max_length: 128 } }],
    ["half_length", { training: { max_length: 256 } }, { training: { max_length: 128 } }],
    ["half_rank", { adapter: { r: 9 } }, { adapter: { r: 4 } }],
    ["half_rank", { adapter: { r: 2 } }, { adapter: { r: 1 } }],
  ])("%s, given %j", (id, fields, change) => expect(changeOf(id, fields)).toEqual(change));
});

describe("a lever that is pulled already, or has nothing to work on", () => {
  it.each<[string, Fields]>([
    ["bf16_base", { training: { dtype: "float16" } }],
    ["chunked_loss", { training: { loss: "chunked_nll" } }],
    ["chunked_loss", { training: { loss: "hf", loop: "plain" } }],
    ["no_kbit_preparation", {}],
    ["sdpa", {}],
    ["fused_adamw", { training: { optim: "sgd" } }],
    ["double_quant", {}],
    ["double_quant", { quantization: { ...NF4, bnb_4bit_use_double_quant: true } }],
    ["double_quant", { quantization: { load_in_8bit: true } }],
    ["reentrant_int8", {}],
    ["reentrant_int8", { quantization: NF4 }],
    ["reentrant_int8", { quantization: { load_in_8bit: true }, training: { use_reentrant: true } }],
    [
      "reentrant_int8",
      { quantization: { load_in_8bit: true }, training: { gradient_checkpointing: false } },
    ],
    ["checkpointing", {}],
    ["nf4", { adapter: null }],
    ["nf4", { quantization: NF4 }],
    ["empty_cache", { training: { emptiesCacheEvery: 4 } }],
    ["empty_cache", { training: { loop: "plain" } }],
    ["micro_batch", {}],
    ["bf16_adapters", { adapter: null }],
    ["bf16_adapters", { training: { adapter_dtype: "bfloat16" } }],
    ["no_dropout", {}],
    ["no_dropout", { adapter: null }],
    ["no_dropout", { adapter: { r: 8, lora_dropout: 0 } }],
    ["no_dora", {}],
    ["no_dora", { adapter: null }],
    ["adamw_8bit", { training: { optim: "paged_adamw_8bit" } }],
    ["adamw_8bit", { training: { optim: "sgd" } }],
    ["half_length", { training: { max_length: 255 } }],
    ["half_rank", { adapter: { r: 1 } }],
    ["half_rank", { adapter: null }],
    ["half_rank", { adapter: { peft_type: "IA3" } }],
  ])("%s, given %j, is not offered", (id, fields) => expect(changeOf(id, fields)).toBeUndefined());
});

describe("the list", () => {
  it("says in words what each does and costs, once", () => {
    expect(new Set(LEVERS.map(({ id }) => id)).size).toBe(LEVERS.length);
    for (const { text, cost } of LEVERS) {
      expect(text).toMatch(/^[A-Z]\w+ .+/);
      expect(cost).toMatch(/^(?:none|about|time|the|small|less|plain|quantized|longer|another)\b/);
    }
  });

  it("stands in the order free, time, library, quality", () => {
    const prices = LEVERS_BY_PRICE.map(({ price }) => price);
    expect([...new Set(prices)]).toEqual(["free", "time", "library", "quality"]);
    const first = (price: string): number => prices.findIndex((other) => other === price);
    expect(prices.lastIndexOf("free")).toBe(first("time") - 1);
    expect(prices.lastIndexOf("time")).toBe(first("library") - 1);
    expect(prices.lastIndexOf("library")).toBe(first("quality") - 1);
    expect(LEVERS_BY_PRICE).toHaveLength(LEVERS.length);
    const [free, quality] = [LEVERS_BY_PRICE[0], LEVERS_BY_PRICE.at(-1)];
    if (free === undefined || quality === undefined) throw new Error("no levers");
    expect(byPrice(free, quality)).toBeLessThan(0);
    expect(byPrice(quality, free)).toBeGreaterThan(0);
  });
});

describe("applyChange", () => {
  it("changes fields of a section and keeps the others", () => {
    const scenario = { model: "gpt2", training: { max_length: 512, optim: "sgd" } };
    expect(applyChange(scenario, { training: { max_length: 256 } })).toEqual({
      model: "gpt2",
      training: { max_length: 256, optim: "sgd" },
    });
  });

  it("changes the stack", () => {
    expect(applyChange({ stack: "trl-1.16" }, { stack: "unsloth-2026.8" })).toEqual({
      stack: "unsloth-2026.8",
    });
  });

  it("adds a section that is missing or null", () => {
    const change = { quantization: { load_in_4bit: true } };
    expect(applyChange({ quantization: null }, change)).toEqual(change);
    expect(applyChange({}, change)).toEqual(change);
  });
});
