import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { Estimate, Result } from "../result.js";

/** Qwen/Qwen2.5-7B, config.json. */
const QWEN = {
  ...{ model_type: "qwen2", hidden_size: 3584, intermediate_size: 18_944, num_hidden_layers: 28 },
  ...{ num_attention_heads: 28, num_key_value_heads: 4, vocab_size: 152_064 },
  tie_word_embeddings: false,
};
const ADAPTER = { r: 16, target_modules: "all-linear" };
const BNB = {
  ...{ quant_method: "bitsandbytes", load_in_4bit: true, _load_in_4bit: true },
  ...{ load_in_8bit: false, _load_in_8bit: false, bnb_4bit_quant_type: "nf4" },
  ...{ bnb_4bit_use_double_quant: true, bnb_4bit_compute_dtype: "bfloat16" },
  ...{ bnb_4bit_quant_storage: "uint8", llm_int8_threshold: 6, llm_int8_has_fp16_weight: false },
  ...{ llm_int8_enable_fp32_cpu_offload: false, llm_int8_skip_modules: null },
};

function run(quantizationConfig: object | undefined, more: object = {}): Result {
  const config = { ...QWEN, quantization_config: quantizationConfig };
  return estimate({ model: { config }, adapter: ADAPTER, training: { max_length: 512 }, ...more });
}

function answered(result: Result): Estimate {
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

describe("quantization_config inside config.json", () => {
  it("of bitsandbytes is used as it stands, and said", () => {
    const asked = { ...BNB, quant_method: undefined };
    const stored = answered(run(BNB));
    const quantized = answered(run(undefined, { quantization: asked }));
    expect(stored.weights).toEqual(quantized.weights);
    expect(stored.memory?.allocated_peak).toBe(quantized.memory?.allocated_peak);
    expect(stored.assumed).toContainEqual(expect.objectContaining({ path: "quantization" }));
    // 6.53e9 weights of linear layers at half a byte, 1.09e9 of embedding and head at two: 5.44e9, and about 2 % of scales.
    expect(stored.weights?.bytes).toBeGreaterThan(5.44e9);
    expect(stored.weights?.bytes).toBeLessThan(5.7e9);
  });

  it("of bitsandbytes wins over what the scenario asks, which is said", () => {
    const both = answered(run(BNB, { quantization: { load_in_8bit: true } }));
    expect(both.weights).toEqual(answered(run(BNB)).weights);
    expect(both.warnings.map(({ code }) => code)).toContain("quantized_checkpoint");
  });

  it("keeps the modules that llm_int8_skip_modules names", () => {
    // Embeddings and head stay anyway; q_proj of 28 layers beside them: 3584 x 3584 weights, 2 bytes instead of about half a byte.
    const plain = answered(run(BNB)).weights?.bytes ?? 0;
    const kept = answered(run({ ...BNB, llm_int8_skip_modules: ["lm_head", "q_proj"] }));
    const weights = 28 * 3584 * 3584;
    expect((kept.weights?.bytes ?? 0) - plain).toBeGreaterThan(1.48 * weights);
    expect((kept.weights?.bytes ?? 0) - plain).toBeLessThan(1.49 * weights);
    expect(run({ ...BNB, llm_int8_skip_modules: ["model.layers.3.mlp"] })).toMatchObject({
      error: {
        code: "unsupported",
        path: "model.config.quantization_config.llm_int8_skip_modules",
      },
    });
  });

  it.each([
    { quant_method: "gptq", bits: 4, group_size: 128 },
    { quant_method: "awq", bits: 4 },
    { quant_method: "fp8", activation_scheme: "dynamic" },
    { quant_method: "compressed-tensors", config_groups: {} },
  ])("of $quant_method has no weights and no memory here, and is named", (given) => {
    const result = answered(run(given));
    expect(result.weights).toBeUndefined();
    expect(result.memory).toBeUndefined();
    // Rank 16 times in + out of the seven linear layers, 28 times: 16 · 28 · (4 · 3584 + 2 · 4096 + 3 · 22528).
    expect(result.parameters.trainable).toBe(40_370_176);
    const said = result.warnings.map(({ message }) => message).join("\n");
    expect(said).toContain(given.quant_method);
    expect(run(given, { quantization: { load_in_4bit: true } })).toMatchObject({
      error: { code: "invalid_value", path: "quantization" },
    });
  });

  it("of mxfp4 is taken as unpacked, which is said; so is what is asked to be unpacked", () => {
    const plain = answered(run(undefined));
    const mxfp4 = answered(run({ quant_method: "mxfp4" }));
    expect(mxfp4.weights).toEqual(plain.weights);
    expect(mxfp4.warnings.map(({ code }) => code)).toContain("quantized_checkpoint");
    expect(mxfp4.assumed).toContainEqual(expect.objectContaining({ path: "quantization" }));
    const fp8 = { quant_method: "fp8" };
    const unpacked = answered(run(fp8, { quantization: { ...fp8, dequantize: true } }));
    expect(unpacked.memory?.allocated_peak).toBe(plain.memory?.allocated_peak);
  });

  it("of another method has the weights of its header", () => {
    const tensors = {
      "model.layers.0.self_attn.q_proj.qweight": { dtype: "I32", shape: [448, 3584] },
      "model.layers.0.self_attn.q_proj.scales": { dtype: "F16", shape: [28, 3584] },
    };
    const config = { ...QWEN, quantization_config: { quant_method: "gptq", bits: 4 } };
    const result = answered(
      estimate({ model: { safetensors: tensors, config }, adapter: ADAPTER }),
    );
    expect(result.weights).toEqual({ bytes: 448 * 3584 * 4 + 28 * 3584 * 2, certainty: "exact" });
  });
});

describe("linear layers of a subclass", () => {
  const FALCON = {
    ...{ model_type: "falcon", hidden_size: 4544, num_hidden_layers: 32, vocab_size: 65_024 },
    ...{ num_attention_heads: 71, multi_query: true, parallel_attn: true, bias: false },
    new_decoder_architecture: false,
  };
  const quantization = { load_in_4bit: true, bnb_4bit_use_double_quant: true };
  const falcon = (versions: object): Estimate =>
    answered(estimate({ model: { config: FALCON }, adapter: null, quantization, versions }));

  it("of Falcon are packed by transformers 4.57 alone, and the usual one says so", () => {
    // tiiuae/falcon-7b holds 6.92e9 parameters: 13.84 GB in 16 bits; packed about 4.0 GB.
    const newer = falcon({});
    expect(newer.weights?.bytes).toBeGreaterThan(13.8e9);
    expect(newer.warnings.map(({ code }) => code)).toContain("linears_not_quantized");
    const older = falcon({ transformers: "4.57.6" });
    expect(older.weights?.bytes).toBeGreaterThan(3.9e9);
    expect(older.weights?.bytes).toBeLessThan(4.3e9);
    expect(older.warnings.map(({ code }) => code)).not.toContain("linears_not_quantized");
  });
});
