/** What is certain of a run whose step has no program. */

import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isObject } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { isRefusal } from "../../result.js";
import { floorOf } from "../../exchange/peaks.js";
import type { Estimate } from "../../result.js";

/** Counts of https://github.com/huggingface/peft/blob/v0.21.0/examples/int8_training/Finetune_flan_t5_large_bnb_peft.ipynb */
const TRAINABLE = 4_718_592;
const BASE = 787_868_672 - TRAINABLE;
const FLAN_T5 = {
  model: {
    config: {
      ...{ model_type: "t5", d_model: 1024, d_ff: 2816, d_kv: 64, num_heads: 16, num_layers: 24 },
      ...{ vocab_size: 32_128, feed_forward_proj: "gated-gelu", tie_word_embeddings: false },
    },
  },
  adapter: { r: 16, target_modules: ["q", "v"], task_type: "SEQ_2_SEQ_LM" },
};

/** Has no program on T5. */
const EAGER = { attn_implementation: "eager" } as const;

function answered({ training, ...fields }: JsonObject): Estimate {
  const step = { ...EAGER, ...(isObject(training) ? training : {}) };
  const result = estimate(asScenario({ ...FLAN_T5, ...fields, training: step }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function floor(fields: JsonObject): number | undefined {
  return floorOf(answered(fields))?.at_least;
}

describe("memory.at_least", () => {
  it("is weights in 16 bits, and fp32 adapters with their gradients and two moments", () => {
    const answer = answered({ training: {} });
    const memory = floorOf(answer);
    expect(memory?.at_least).toBe(2 * BASE + 16 * TRAINABLE);
    expect(memory?.parts.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["weights", 2 * BASE],
      ["adapter_other", 4 * TRAINABLE],
      ["optimizer", 8 * TRAINABLE],
      ["gradients", 4 * TRAINABLE],
    ]);
    expect(answer.warnings.map(({ code }) => code)).toContain("memory_not_computed");
    expect(answer.interval).toBeUndefined();
  });

  it("follows the dtypes and the optimizer of the run", () => {
    const training = (fields: JsonObject): number | undefined => floor({ training: fields });
    expect(training({ dtype: "float32" })).toBe(4 * BASE + 16 * TRAINABLE);
    expect(training({ adapter_dtype: "bfloat16" })).toBe(2 * BASE + 8 * TRAINABLE);
    expect(training({ optim: "adamw_bnb_8bit" })).toBe(2 * BASE + (4 + 4 + 2) * TRAINABLE);
    expect(training({ optim: "paged_adamw_8bit" })).toBe(2 * BASE + 8 * TRAINABLE);
    expect(training({ optim: "sgd" })).toBe(2 * BASE + 8 * TRAINABLE);
  });

  it("of full fine-tuning is four times the weights with AdamW", () => {
    expect(estimate({ model: FLAN_T5.model, training: EAGER })).toMatchObject({
      memory: { at_least: 8 * BASE },
    });
  });

  it("says that a card does not hold the run where it alone is too much, and nothing else of a card", () => {
    const on = (bytes: number): Estimate["fit"] =>
      answered({ hardware: { memory_bytes: bytes } }).fit;
    const least = 2 * BASE + 16 * TRAINABLE;
    expect(on(least - 1)).toMatchObject({ verdict: "does_not_fit", headroom: -1 });
    expect(on(least)).toBeUndefined();
  });

  it("is not said of a model cut over several cards, of packed weights, or of weights that cannot be trained", () => {
    expect(floor({ hardware: { gpu: "2xT4", strategy: "fsdp2" } })).toBeUndefined();
    const quantization = { load_in_4bit: true };
    const full = estimate({ model: FLAN_T5.model, quantization, training: {} });
    expect(full).not.toHaveProperty("memory");
  });
});
