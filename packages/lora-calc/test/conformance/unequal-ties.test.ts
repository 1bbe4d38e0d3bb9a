/** Checkpoints with an own output embedding where the configuration ties it (conformance/unequal_ties.py). */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import type { Estimate } from "../../src/result.js";
import { answer, compare, readModels } from "./counted-cases.js";
import type { Model } from "./counted-cases.js";

interface Untied extends Model {
  readonly head: string;
  readonly apart: boolean;
  readonly base: number;
}

const models = (readModels("unequal-ties.jsonl.gz") as readonly Untied[]).map(
  (model): Untied => ({ ...model, ties: "checkpoint" }),
);

describe("a checkpoint with an own head loads it, and PEFT counts it", () => {
  it("in every type that ties", () => {
    expect(models.every(({ apart }) => apart)).toBe(true);
    expect(models.length).toBeGreaterThanOrEqual(100);
  });

  it.each(models)("$id", (model) => {
    const base = answer(model, null);
    expect(isRefusal(base) ? base.error : base.parameters.base).toBe(model.base);
    compare(model);
  });
});

function answered(scenario: object): Estimate {
  const result = estimate(asScenario(scenario));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

describe("flan-t5-large", () => {
  const config = {
    ...{ model_type: "t5", d_model: 1024, d_ff: 2816, d_kv: 64, num_heads: 16, num_layers: 24 },
    ...{ vocab_size: 32_128, feed_forward_proj: "gated-gelu", tie_word_embeddings: false },
  };
  const adapter = { r: 16, target_modules: ["q", "v"], task_type: "SEQ_2_SEQ_LM" };

  it("counts what PEFT's documentation prints, its own head included", () => {
    // https://github.com/huggingface/peft/blob/v0.21.0/examples/int8_training/Finetune_flan_t5_large_bnb_peft.ipynb
    const { parameters, assumed } = answered({ model: { config }, adapter });
    expect(parameters).toMatchObject({ trainable: 4_718_592, all: 787_868_672 });
    expect(assumed).toContainEqual(expect.objectContaining({ path: "model.ties" }));
  });

  it("is tied where the scenario or the header says so", () => {
    const tied = { model: { config, ties: "config" }, adapter };
    expect(answered(tied).parameters.all).toBe(787_868_672 - 32_128 * 1024);
    const shared = { dtype: "F32", shape: [32_128, 1024] };
    const header = (tensors: object): number =>
      answered({ model: { safetensors: tensors, config }, adapter }).parameters.all;
    expect(header({ "shared.weight": shared })).toBe(787_868_672 - 32_128 * 1024);
    expect(header({ "shared.weight": shared, "lm_head.weight": shared })).toBe(787_868_672);
  });
});
