import { describe, expect, it } from "vitest";
import { asScenario } from "../../exchange/as-scenario.js";
import { advise } from "../../advise.js";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

const RUN = {
  model: "Qwen/Qwen2.5-0.5B",
  adapter: { r: 8, target_modules: "all-linear" },
  hardware: { gpu: "A100 80GB SXM" },
};

function run(scenario: object) {
  const result = estimate(asScenario({ ...RUN, training: {}, ...scenario }));
  if (isRefusal(result)) return { error: result.error };
  const { memory, assumed, warnings } = result;
  return {
    peak: memory !== undefined && "allocated_peak" in memory ? memory.allocated_peak : undefined,
    values: Object.fromEntries(assumed.map(({ path, value }) => [path, value])),
    why: warnings.find(({ code }) => code === "memory_not_computed")?.message ?? "",
  };
}

// axolotl-ai-cloud/ml-cross-entropy@5f0c7a7 cut_cross_entropy/transformers/patch.py; cut-cross-entropy 25.6.4, the same file.
it("takes Axolotl's fork of cut cross entropy for more types than Apple's is made for", () => {
  const training = { loss: "cce", bf16: true };
  const qwen3 = { model: "Qwen/Qwen3-0.6B", training };
  expect(run({ ...qwen3, stack: "axolotl-0.19" }).peak).toBeGreaterThan(0);
  expect(run({ ...qwen3, stack: "hf-trainer-5.18" }).error?.message).toContain("is not made for");
  const scaled = { model: "ibm-granite/granite-3.3-2b-instruct", training, stack: "axolotl-0.19" };
  expect(run(scaled).why).toMatch(/fork of cut cross entropy on granite has no program here/);
});

describe("LLaMA-Factory", () => {
  const stack = "llama-factory-0.9";

  it("loads what is published, packs as nf4 twice, and keeps what trains in float32", () => {
    const { values } = run({ stack, quantization: { load_in_4bit: true } });
    expect(values).toMatchObject({
      "training.dtype": "bfloat16",
      "training.adapter_dtype": "float32",
      "training.use_reentrant": true,
      "training.per_device_train_batch_size": 8,
      "training.max_length": 2048,
      "quantization.bnb_4bit_quant_type": "nf4",
      "quantization.bnb_4bit_use_double_quant": true,
      "quantization.bnb_4bit_compute_dtype": "bfloat16",
    });
    const half = { model: { config: { ...SMALL, dtype: "float16" } }, stack };
    const { values: others } = run({ ...half, quantization: { load_in_4bit: true } });
    expect(others).toMatchObject({
      "training.dtype": "float16",
      "quantization.bnb_4bit_compute_dtype": "float16",
    });
  });

  it("writes the attention of Gemma 2 out, unless somebody names one", () => {
    const model = "google/gemma-2-2b";
    expect(run({ stack, model }).values).toMatchObject({ "training.attn_implementation": "eager" });
    expect(run({ stack, model: "google/gemma-2b" }).values).toMatchObject({
      "training.attn_implementation": "sdpa",
    });
  });

  it.each([
    [{ model: "openai/gpt-oss-20b" }, "FlashAttention-3 with sinks"],
    [
      { adapter: { r: 8, target_modules: ["q_proj"], layers_to_transform: [0, 1] } },
      "checkpoints only layers that train",
    ],
  ])("says what it runs in its own way: %j", (scenario, words) => {
    expect(run({ stack, ...scenario }).why).toContain(words);
  });
});

const SMALL = {
  model_type: "llama",
  ...{ vocab_size: 64, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2 },
  ...{ num_attention_heads: 2, num_key_value_heads: 2 },
};

describe("Axolotl", () => {
  const stack = "axolotl-0.19";

  it("is what recipes of 0.18 and old links mean, and says so", () => {
    const { values, peak } = run({ stack: "axolotl-0.18" });
    expect(values).toMatchObject({ stack });
    expect(peak).toBe(run({ stack }).peak);
    expect(run({ stack }).values).not.toHaveProperty("stack");
  });

  it("holds less by its kernels than PEFT's own code under the same settings", () => {
    const training = {
      ...{ max_length: 2048, gradient_checkpointing: false },
      ...{ per_device_train_batch_size: 1, bf16: true },
    };
    const plain = run({ stack: "hf-trainer-5.18", training });
    expect(run({ stack, training }).peak).toBeLessThan(plain.peak ?? 0);
  });

  it.each([
    [{ adapter: undefined }, "full fine-tuning under Axolotl"],
    [{ adapter: { ...RUN.adapter, use_dora: true } }, "with DoRA have no program"],
    [{ adapter: { ...RUN.adapter, lora_bias: true } }, "with lora_bias have no program"],
    [{ model: "microsoft/phi-2" }, "are not compared; those on llama"],
    [{ hardware: { gpu: "A100 80GB SXM", count: 2 } }, "several cards under Axolotl"],
  ])("says what has no program: %j", (scenario, words) => {
    expect(run({ stack, ...scenario }).why).toContain(words);
  });
});

describe("ms-swift", () => {
  const stack = "ms-swift-4.6";

  it("runs in the 16 bits that the model is published in, reentrant on one card", () => {
    const { values } = run({ stack, quantization: { load_in_4bit: true } });
    expect(values).toMatchObject({
      "training.bf16": true,
      "training.fp16": false,
      "training.use_reentrant": true,
      "training.gradient_accumulation_steps": 16,
      "quantization.bnb_4bit_compute_dtype": "bfloat16",
    });
    const half = { model: { config: { ...SMALL, dtype: "float16" } }, stack };
    expect(run({ ...half, quantization: { load_in_4bit: true } }).values).toMatchObject({
      "training.bf16": false,
      "training.fp16": true,
      "training.adapter_dtype": "float32",
      "quantization.bnb_4bit_compute_dtype": "float32",
    });
  });

  it("accumulates to 16 sequences over all cards, where checkpoints are not reentrant", () => {
    const training = { per_device_train_batch_size: 3 };
    const { values } = run({ stack, training, hardware: { gpu: "A100 80GB SXM", count: 2 } });
    expect(values).toMatchObject({
      "training.gradient_accumulation_steps": 3,
      "training.use_reentrant": false,
    });
  });
});

it.each(["llama-factory-0.9", "axolotl-0.19", "ms-swift-4.6"])(
  "%s trains DPO by a trainer of its own",
  (stack) => {
    expect(run({ stack, training: { method: "dpo" } }).error).toMatchObject({
      code: "unsupported",
      path: "training.method",
    });
  },
);

describe.each(["llama-factory-0.9", "axolotl-0.19", "ms-swift-4.6"])(
  "the losses of %s",
  (stack) => {
    it.each([{ loss: "fused" }, { loss: "chunked_nll" }, { loss: "nll" }, { loss_type: "nll" }])(
      "are not TRL's: %j",
      (training) => {
        const [name = ""] = Object.keys(training);
        const { error } = run({ stack, training });
        expect(error).toMatchObject({ code: "unsupported", path: `training.${name}` });
      },
    );

    it("are transformers' and Liger's, and no advice names another", () => {
      expect(run({ stack, training: { loss: "hf" } }).peak).toBe(run({ stack }).peak);
      expect(run({ stack, training: { loss: "liger" } }).peak).toBeLessThan(
        run({ stack }).peak ?? 0,
      );
      const scenario = asScenario({ ...RUN, training: { max_length: 1024 }, stack });
      const answer = estimate(scenario);
      if (isRefusal(answer)) throw new Error(answer.error.message);
      const steps = advise(scenario, answer).levers.map(({ id }) => id);
      expect(steps).toContain("half_length");
      expect(steps).not.toContain("chunked_loss");
    });
  },
);
