/**
 * Modules that loading keeps whole in 4 bits were asked of transformers 5.24.0, on a DeepSeek-V4 of 4 layers built on meta:
 * `Bnb4BitHfQuantizer.get_modules_to_not_convert(model, None, model._keep_in_fp32_modules)`.
 */

import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

const KEPT = [
  "self_attn.compressor.kv_proj",
  "lm_head",
  "self_attn.compressor.gate_proj",
  "self_attn.compressor.indexer.gate_proj",
  "self_attn.compressor.indexer.kv_proj",
  "self_attn.compressor.indexer.scorer.weights_proj",
];

function weights(skips?: readonly string[]): number | undefined {
  const result = estimate({
    model: "deepseek-v4-flash",
    adapter: { r: 8, target_modules: ["q_b_proj"] },
    quantization: {
      load_in_4bit: true,
      ...(skips === undefined ? {} : { llm_int8_skip_modules: skips }),
    },
  });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.weights?.bytes;
}

it("the compressors of deepseek_v4 stay whole unasked", () => {
  expect(weights()).toBeGreaterThan(5e11);
  expect(weights()).toBe(weights(KEPT));
  expect(weights([...KEPT, "q_b_proj"])).not.toBe(weights(KEPT));
});
