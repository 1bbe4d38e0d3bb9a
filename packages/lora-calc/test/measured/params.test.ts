/**
 * Counts that people published, each with its link. Rows of models outside the catalogue, and rounded or stale ones (counts
 * of 4-bit storage from before PEFT's PR 733, totals taken from a model's name), are not in the file.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import type { ParameterCounts } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";
import { formatTrainableLine } from "../../src/units/format.js";

interface Published {
  readonly id: string;
  readonly model: string;
  /** null is full fine-tuning. */
  readonly adapter: JsonObject | null;
  readonly trainable: number;
  /** Null where the source prints none, or a rounded one. */
  readonly all: number | null;
  readonly source: string;
}

const FILE = new URL("params.json", import.meta.url);
const published = JSON.parse(readFileSync(FILE, "utf8")) as readonly Published[];

function count(model: Scenario["model"], adapter: JsonObject | null): ParameterCounts {
  const result = estimate({ model, adapter });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.parameters;
}

describe("published counts", () => {
  it.each(published)("$id", ({ model, adapter, trainable, all }) => {
    const counted = count(model, adapter);
    expect(counted.trainable).toBe(trainable);
    if (all !== null) expect(counted.all).toBe(all);
  });

  it("are at least twenty", () => {
    expect(published.length).toBeGreaterThanOrEqual(20);
  });
});

/** Printed by peft 0.21.0 with transformers 5.18.0 on the meta device. */
describe("counts of named cases", () => {
  const attention = ["q_proj", "k_proj", "v_proj", "o_proj"];
  const embeddings = ["embed_tokens", "lm_head"];

  it("Llama-2-7B, r=16 on q, k, v, o, to the character", () => {
    const { trainable, all } = count("meta-llama/Llama-2-7b-hf", { r: 16, target_modules: attention });
    expect(formatTrainableLine(trainable, all)).toBe(
      "trainable params: 16,777,216 || all params: 6,755,192,832 || trainable%: 0.2484",
    );
  });

  it("gpt2 with PEFT's defaults", () => {
    expect(count("gpt2", { r: 8 })).toMatchObject({ trainable: 294_912, all: 124_734_720 });
  });

  it("Qwen3-4B, r=16 on all linear layers", () => {
    const adapter = { r: 16, target_modules: "all-linear" };
    expect(count("Qwen/Qwen3-4B", adapter).trainable).toBe(33_030_144);
  });

  it.each([
    [{}, 1_703_936, 1_237_518_336],
    [{ modules_to_save: embeddings }, 527_040_512, 1_762_854_912],
    [{ modules_to_save: embeddings, ensure_weight_tying: true }, 264_372_224, 1_500_186_624],
    [{ target_modules: ["embed_tokens"] }, 2_084_864, 1_237_899_264],
    [
      { target_modules: ["embed_tokens"], ensure_weight_tying: true },
      4_169_728,
      1_239_984_128,
    ],
    [{ trainable_token_indices: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }, 1_724_416, 1_237_538_816],
  ])("Llama-3.2-1B (tied), r=16 on q, v, and %j", (options, trainable, all) => {
    const adapter = { r: 16, target_modules: ["q_proj", "v_proj"], ...options };
    expect(count("meta-llama/Llama-3.2-1B", adapter)).toMatchObject({ trainable, all });
  });

  it.each([
    [{ target_modules: "all-linear" }, 41_943_040, 8_072_204_288],
    [{ target_modules: "all-linear", use_dora: true }, 43_319_296, 8_073_580_544],
    [
      { target_modules: ["q_proj", "v_proj"], modules_to_save: embeddings },
      1_057_488_896,
      9_087_750_144,
    ],
    [{ target_modules: ["q_proj", ...embeddings] }, 8_429_568, 8_038_690_816],
  ])("Llama-3.1-8B, r=16 and %j", (options, trainable, all) => {
    const counted = count("meta-llama/Llama-3.1-8B", { r: 16, ...options });
    expect(counted).toMatchObject({ trainable, all });
  });

  it.each([
    ["lora_only", 565_248],
    ["all", 568_320],
  ])("Qwen2.5-0.5B, PEFT's defaults with bias %s", (bias, trainable) => {
    const counted = count("Qwen/Qwen2.5-0.5B", { r: 8, bias });
    expect(counted).toMatchObject({ trainable, all: 494_573_440 });
  });
});

/** Prints that people asked about. */
describe("counts in the field", () => {
  const linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

  // Sheared-LLaMA-1.3B: https://github.com/axolotl-ai-cloud/axolotl/pull/1118
  it.each([
    [[0], 2_498_560, 1_347_921_920],
    [[0, 1], 4_997_120, 1_350_420_480],
  ])("a pruned Llama, r=64 on layers %j", (layers, trainable, all) => {
    const config = {
      ...{ model_type: "llama", hidden_size: 2048, intermediate_size: 5504, vocab_size: 32_000 },
      ...{ num_hidden_layers: 24, num_attention_heads: 16, tie_word_embeddings: false },
    };
    const adapter = { r: 64, target_modules: linear, layers_to_transform: layers };
    expect(count({ config }, adapter)).toMatchObject({ trainable, all });
  });

  // https://github.com/ymcui/Chinese-LLaMA-Alpaca/issues/466: 204,607,488 for each copy; the sum by peft 0.21.0.
  it("LLaMA-7B with a larger vocabulary, embeddings and head trained", () => {
    const config = { model_type: "llama", vocab_size: 49_953, tie_word_embeddings: false };
    const adapter = { r: 8, target_modules: linear, modules_to_save: ["embed_tokens", "lm_head"] };
    const counted = count({ config }, adapter);
    expect(counted).toMatchObject({ trainable: 429_203_456, all: 7_314_690_048 });
    const copies = counted.by_module?.filter(({ rank }) => rank === undefined) ?? [];
    expect(copies.map(({ trainable }) => trainable)).toEqual([204_607_488, 204_607_488]);
  });

  // https://github.com/artidoro/qlora/issues/184; its total counts 4-bit weights two by two, PEFT's does not.
  it("LLaMA-30B, r=256 on q and v", () => {
    const config = {
      ...{ model_type: "llama", hidden_size: 6656, intermediate_size: 17_920, vocab_size: 32_001 },
      ...{ num_hidden_layers: 60, num_attention_heads: 52, tie_word_embeddings: false },
    };
    const adapter = { r: 256, lora_alpha: 512, target_modules: ["q_proj", "v_proj"] };
    expect(count({ config }, adapter)).toMatchObject({ trainable: 408_944_640, all: 32_937_901_568 });
  });
});
