/** Bytes are those of tapes.jsonl.gz (`pair_cases`); here is what a scenario means. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../../estimate.js";
import { peaksOf } from "../../../exchange/peaks.js";
import { isRefusal } from "../../../result.js";
import type { Estimate } from "../../../result.js";
import type { Scenario } from "../../../scenario.js";

const BGE = "BAAI/bge-base-en-v1.5";
const QWEN = "Qwen/Qwen3-Embedding-0.6B";

function answer(model: Scenario["model"], training: object, more: object = {}): Estimate {
  const adapter = { r: 8, target_modules: "all-linear", task_type: "FEATURE_EXTRACTION" as const };
  const result = estimate({ model, adapter, training, ...more });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function peak(model: Scenario["model"], training: object, more: object = {}): number {
  const peaks = peaksOf(answer(model, training, more));
  if (peaks === undefined) throw new Error("no memory");
  return peaks.allocated_peak;
}

describe("a class without a head", () => {
  it("is trained on pairs of texts, by the vector that its kind of model is read by", () => {
    const assumedOf = (model: string): Record<string, unknown> =>
      Object.fromEntries(answer(model, {}).assumed.map(({ path, value }) => [path, value]));
    expect(assumedOf(QWEN)).toMatchObject({
      "training.loss": "multiple_negatives_ranking",
      "training.pooling_mode": "lasttoken",
    });
    expect(assumedOf(BGE)).toMatchObject({
      "training.pooling_mode": "mean",
      "training.max_length": 512,
    });
  });

  it("holds what both texts of a pair leave: nearly twice what one with a label does, beside what a layer's gradient takes", () => {
    const run = { gradient_checkpointing: false, per_device_train_batch_size: 64, max_length: 256 };
    const labelled = { id: BGE, architecture: "BertForSequenceClassification" };
    const beside = (model: Scenario["model"], weights: number): number =>
      peak(model, run) - weights;
    const weights = answer(BGE, run).weights?.bytes ?? 0;
    const ratio = beside(BGE, weights) / beside(labelled, weights);
    expect(ratio).toBeGreaterThan(1.9);
    expect(ratio).toBeLessThan(2);
  });

  it("has no other loss, and no class with a head has this one", () => {
    const why = (model: Scenario["model"], training: object): string =>
      answer(model, training)
        .warnings.map(({ message }) => message)
        .join();
    expect(why(BGE, { loss: "hf" })).toContain("set training.loss to multiple_negatives_ranking");
    expect(why("Qwen/Qwen3-0.6B", { loss: "multiple_negatives_ranking" })).toContain("AutoModel");
  });

  it("ignores the pooling of others", () => {
    expect(answer("Qwen/Qwen3-0.6B", { pooling_mode: "cls" }).ignored).toContain(
      "training.pooling_mode",
    );
    expect(answer(BGE, { pooling_mode: "cls" }).ignored).not.toContain("training.pooling_mode");
  });
});

describe("stack sentence-transformers-6.2", () => {
  const stack = { stack: "sentence-transformers-6.2" };
  const codes = (result: Estimate): readonly string[] => result.warnings.map(({ code }) => code);

  it("adds adapters in the dtype of the base, packed ones apart", () => {
    const dtypes = (more: object): unknown =>
      answer(QWEN, {}, { ...stack, ...more }).assumed.find(
        ({ path }) => path === "training.adapter_dtype",
      )?.value;
    expect(dtypes({})).toBe("bfloat16");
    expect(dtypes({ quantization: { load_in_4bit: true } })).toBe("auto");
  });

  it("is named where another stack is asked for", () => {
    expect(codes(answer(BGE, {}, stack))).not.toContain("other_trainer");
    expect(codes(answer(BGE, {}))).toContain("other_trainer");
    expect(codes(answer(BGE, {}, { stack: "hf-trainer-5.24" }))).toContain("other_trainer");
  });
});
