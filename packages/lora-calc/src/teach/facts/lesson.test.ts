import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import { layerFacts } from "./layer-facts.js";
import { CHUNK_ROWS } from "../../memory/programs/losses/chunked-nll.js";
import { lessonOf } from "./lesson.js";
import type { Lesson } from "./lesson.js";
import { CHUNK_TOKENS } from "./logits-facts.js";
import { blockCosts } from "./module-costs.js";
import { scalingCurves } from "./scaling.js";
import { storageFacts } from "./storage-facts.js";
import { targetChoices } from "./target-choices.js";

const LLAMA: Scenario = {
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
  quantization: {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    bnb_4bit_use_double_quant: true,
  },
  training: { per_device_train_batch_size: 2, max_length: 2048 },
};

function lessonFor(scenario: Scenario): Lesson {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return lessonOf({ scenario, estimate: result, targets: targetChoices(scenario) });
}

describe("layerFacts", () => {
  it("has the key insight: 16.78 M against 131,072, 99.22 % fewer", () => {
    const facts = layerFacts({ inFeatures: 4096, outFeatures: 4096, rank: 16 });
    expect(facts).toMatchObject({ frozen: 16_777_216, a: 65_536, b: 65_536, trainable: 131_072 });
    expect(facts.fewerPercent).toBeCloseTo(99.22, 2);
  });
});

describe("lessonOf", () => {
  it("takes the first adapted layer of the run, its rank and its alpha", () => {
    expect(lessonFor(LLAMA).layer).toEqual({
      name: "q_proj",
      count: 32,
      inFeatures: 4096,
      outFeatures: 4096,
      rank: 16,
      alpha: 32,
      rule: "alpha / r",
      scaling: 2,
      isExample: false,
    });
  });

  it("gives alpha back under rsLoRA", () => {
    const adapter = { ...LLAMA.adapter, use_rslora: true };
    expect(lessonFor({ ...LLAMA, adapter }).layer).toMatchObject({ alpha: 32, scaling: 8 });
  });

  it("shows PEFT's defaults where nothing is adapted", () => {
    const { layer } = lessonFor({ model: "gpt2", adapter: null });
    expect(layer).toMatchObject({ name: "c_attn", rank: 8, alpha: 8, isExample: true });
  });

  it("explains the trained bytes: 4 + 4 + 8 each for float32 adapters with AdamW", () => {
    const { memory } = lessonFor(LLAMA);
    // 4 + 4 + 8, and a step counter in a block of 512 B for each of the 448 matrices.
    expect(memory?.trained.bytesPerParameter).toBeCloseTo(16 + (448 * 512) / 41_943_040, 4);
    expect(memory?.trained.percent).toBeLessThan(10);
    expect(memory?.parts[0]?.name).toBe("weights");
  });

  it("knows the logits of the run: 4096 tokens × 128,256 words", () => {
    const { logits } = lessonFor(LLAMA);
    expect(logits).toMatchObject({ tokens: 4096, vocabulary: 128_256, hidden: 4096 });
    expect(logits?.float32).toBe(4096 * 128_256 * 4);
  });

  it("finds in a step with transformers' own loss the three copies it tells of", () => {
    const { logits } = lessonFor({ ...LLAMA, training: { ...LLAMA.training, loss: "hf" } });
    expect((logits?.thisRun ?? 0) / (logits?.usualLoss ?? 1)).toBeCloseTo(1, 4);
  });

  it("reads the batch and the length that a stack fills in", () => {
    const { logits } = lessonFor({ model: "gpt2", adapter: { r: 8 }, stack: "trl-1.13" });
    expect(logits).toMatchObject({ batch: 8, length: 1024 });
  });
});

describe("CHUNK_TOKENS", () => {
  it("is the chunk that the engine runs", () => {
    expect(CHUNK_TOKENS).toBe(CHUNK_ROWS);
  });
});

describe("blockCosts", () => {
  it("adds modules up per block, and to the run's count when all are targets", () => {
    const blocks = blockCosts(lessonFor(LLAMA).targets);
    expect(blocks.map(({ block, cost }) => [block, cost])).toEqual([
      ["self_attn", 13_631_488],
      ["mlp", 28_311_552],
    ]);
    expect(blocks.every(({ cost, targeted }) => cost === targeted)).toBe(true);
  });
});

describe("storageFacts", () => {
  it("stores 4096 × 4096 in 8,656,964 bytes of double-quantized NF4", () => {
    // Packed 8,388,608 + absmax 262,144 + nested absmax 4,096 + two codes 64 + 1,024 + offset 4, rows of the traces.
    const double = storageFacts(4096, 4096).find(({ name }) => name === "nf4_double");
    expect(double).toMatchObject({ codes: 8_388_608, constants: 267_332, bytes: 8_655_940 });
  });
});

describe("scalingCurves", () => {
  it("falls with r by one rule and with √r by the other", () => {
    expect(scalingCurves(32, [4, 16, 64])).toEqual({
      "alpha / r": [8, 2, 0.5],
      "alpha / √r": [16, 8, 4],
    });
  });
});
