/** What is expected was asked of peft 0.21.0 on transformers 5.18.0 (conformance/trace.py, `tape_goldens.py` `head_cases`). */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Result } from "../../result.js";
import type { Scenario } from "../../scenario.js";

const BASE = {
  model_type: "llama",
  ...{ hidden_size: 256, intermediate_size: 640, num_hidden_layers: 2, vocab_size: 1000 },
  ...{ num_attention_heads: 8, num_key_value_heads: 2 },
};

function answer(
  architecture: string,
  adapter: NonNullable<Scenario["adapter"]>,
  quantization: NonNullable<Scenario["quantization"]>,
  versions: NonNullable<Scenario["versions"]> = {},
): Result {
  return estimate({
    model: { config: { ...BASE, architectures: [architecture] } },
    adapter: { r: 8, target_modules: ["q_proj"], ...adapter },
    quantization,
    hardware: { gpu: "RTX 4090" },
    versions,
  });
}

describe("a trained copy of what is stored in 4 or 8 bits", () => {
  const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" } as const;

  it.each([
    ["LlamaForTokenClassification", { task_type: "TOKEN_CLS" }, NF4, "score"],
    ["LlamaForQuestionAnswering", { task_type: "QUESTION_ANS" }, NF4, "qa_outputs"],
    ["LlamaForCausalLM", { modules_to_save: ["up_proj"] }, NF4, "model.layers.*.mlp.up_proj"],
    ["LlamaForCausalLM", { modules_to_save: ["mlp"] }, NF4, "model.layers.*.mlp"],
    [
      "LlamaForTokenClassification",
      { task_type: "TOKEN_CLS" },
      { load_in_8bit: true } as const,
      "score",
    ],
  ] as const)("is refused as PEFT refuses it: %s %j %j", (architecture, adapter, packed, site) => {
    const result = answer(architecture, adapter, packed);
    expect(isRefusal(result) && result.error).toMatchObject({
      code: "invalid_value",
      path: "adapter.modules_to_save",
      received: site,
    });
  });

  it("says how the module stays unpacked, and that helps", () => {
    const refused = answer("LlamaForTokenClassification", { task_type: "TOKEN_CLS" }, NF4);
    const skips = { ...NF4, llm_int8_skip_modules: ["score"] };
    expect(isRefusal(refused) && refused.error.message).toContain(
      'quantization.llm_int8_skip_modules: ["score"]',
    );
    const result = answer("LlamaForTokenClassification", { task_type: "TOKEN_CLS" }, skips);
    expect(isRefusal(result) ? result.error : result.memory).toMatchObject({
      allocated_peak: expect.any(Number) as number,
    });
  });

  it("is not refused under transformers 4.57, which leaves a head with a bias unpacked", () => {
    const result = answer("LlamaForTokenClassification", { task_type: "TOKEN_CLS" }, NF4, {
      transformers: "4.57",
    });
    expect(isRefusal(result) ? result.error : undefined).toBeUndefined();
  });

  it("is computed where transformers leaves the module unpacked: the last parameter is its weight", () => {
    const result = answer("LlamaForSequenceClassification", { task_type: "SEQ_CLS" }, NF4);
    expect(isRefusal(result) ? result.error : result.memory).toMatchObject({
      allocated_peak: expect.any(Number) as number,
    });
  });
});
