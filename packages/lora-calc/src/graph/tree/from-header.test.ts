import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

const WEIGHT = { dtype: "BF16", shape: [8, 4] };
const ADAPTER = { r: 2, target_modules: "all-linear" };

function problem(safetensors: object, config?: object): unknown {
  const model = config === undefined ? { safetensors } : { safetensors, config };
  const result = estimate(asScenario({ model, adapter: ADAPTER }));
  return isRefusal(result) ? [result.error.code, result.error.path] : result.parameters;
}

describe("a header alone", () => {
  it("gives every 2-D weight an adapter, in the order of the file", () => {
    const header = {
      "layers.0.a.weight": WEIGHT,
      "layers.1.a.weight": WEIGHT,
      "layers.0.norm.weight": { dtype: "BF16", shape: [4] },
      "embed.weight": WEIGHT,
    };
    // 2 · r · (4 + 8) for two layers; 3 · 32 + 4 stored.
    expect(problem(header)).toMatchObject({ trainable: 48, all: 148 });
  });

  it("leaves out buffers, and scales of 8-bit floats", () => {
    const header = {
      "a.weight": { dtype: "F8_E4M3", shape: [8, 4] },
      "a.weight_scale_inv": { dtype: "F32", shape: [1, 1] },
      "rotary.inv_freq": { dtype: "F32", shape: [2] },
      position_ids: { dtype: "I64", shape: [1, 16] },
    };
    expect(problem(header)).toMatchObject({ trainable: 24, all: 56 });
  });

  it("refuses packed weights, adapters, empty headers and names that are none", () => {
    expect(problem({ "a.weight": { dtype: "U8", shape: [16, 1] } })).toEqual([
      "unsupported",
      "model.safetensors.a.weight",
    ]);
    const lora = { "base_model.model.a.lora_A.weight": WEIGHT };
    expect(problem(lora)).toEqual(["invalid_value", "model.safetensors"]);
    expect(problem({})).toEqual(["missing_field", "model.safetensors"]);
    expect(problem({ "a..weight": WEIGHT })).toEqual(["invalid_value", "model.safetensors"]);
    expect(problem({ [`${"a.".repeat(200_000)}weight`]: WEIGHT })).toEqual([
      "invalid_value",
      "model.safetensors",
    ]);
  });

  it("is compared with the configuration beside it", () => {
    const config = { model_type: "llama", hidden_size: 4, vocab_size: 8, intermediate_size: 8 };
    const sizes = { ...config, num_attention_heads: 1, num_hidden_layers: 1 };
    expect(problem({ "model.embed_tokens.weight": WEIGHT }, sizes)).toMatchObject({
      trainable: 2 * (4 * 8 + 3 * 12),
    });
    const other = { "model.embed_tokens.weight": { dtype: "BF16", shape: [8, 5] } };
    expect(problem(other, sizes)).toEqual([
      "invalid_value",
      "model.safetensors.model.embed_tokens.weight",
    ]);
  });
});
