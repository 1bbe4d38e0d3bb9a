/** What a step cannot be computed for: where it is said, and in which words. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import type { JsonObject } from "../../problem/fields.js";
import { isRefusal } from "../../result.js";
import type { Estimate, Refusal } from "../../result.js";

const RUN = { model: "gpt2", adapter: { r: 8 }, training: { max_length: 128 } };

function refused(fields: JsonObject): Refusal["error"] {
  const result = estimate({ ...RUN, ...fields });
  if (!isRefusal(result)) throw new Error("was not refused");
  return result.error;
}

function answered(fields: JsonObject): Estimate {
  const result = estimate({ ...RUN, ...fields });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

const NF4 = { load_in_4bit: true };

describe("a run that is refused", () => {
  it.each<[JsonObject, string, string, string]>([
    [
      { hardware: { gpu: "2x4090", count: 3 } },
      "invalid_value",
      "hardware.gpu",
      "says 2 cards and hardware.count 3",
    ],
    [
      { hardware: { gpu: "0x4090" } },
      "invalid_value",
      "hardware.gpu",
      "says 0 cards and hardware.count nothing",
    ],
    [{ stack: "trl-9.9" }, "unsupported", "stack", "stack trl-9.9 has no program here yet"],
    [
      { stack: "unsloth-2026.10" },
      "unsupported",
      "stack",
      "computed are trl-1.13, trl-1.16, hf-trainer-5.18, hf-trainer-5.24, sentence-transformers-6.2, llama-factory-0.9, axolotl-0.19, ms-swift-4.6, litgpt-0.5, plain-loop",
    ],
    [{ stack: "trl" }, "unknown_stack", "stack", "stack trl is not known"],
    [
      { training: { beta: 0.1 } },
      "unsupported",
      "training.beta",
      "belongs to a trainer other than SFT",
    ],
    [
      { quantization: { ...NF4, llm_int8_skip_modules: ["h.12.attn"] } },
      "unsupported",
      "quantization.llm_int8_skip_modules",
      "names h.12.attn: leaving out single layers",
    ],
    [
      { quantization: { ...NF4, llm_int8_skip_modules: ["lm_.*"] } },
      "unsupported",
      "quantization.llm_int8_skip_modules",
      "names lm_.*",
    ],
    [
      { quantization: { ...NF4, llm_int8_skip_modules: [] } },
      "unsupported",
      "quantization.llm_int8_skip_modules",
      "an empty llm_int8_skip_modules",
    ],
    [
      { quantization: { ...NF4, bnb_4bit_compute_dtype: "mytorch.float16" } },
      "invalid_value",
      "quantization.bnb_4bit_compute_dtype",
      "float16",
    ],
    [
      { training: { fp16: true, bf16: false, adapter_dtype: "bfloat16" } },
      "invalid_value",
      "training.fp16",
      "cannot unscale bfloat16 gradients (PyTorch raises NotImplementedError",
    ],
    [
      { training: { fp16: true, bf16: false, adapter_dtype: "float16" } },
      "invalid_value",
      "training.fp16",
      "cannot unscale float16 gradients (PyTorch raises ValueError: Attempting to unscale FP16 gradients.",
    ],
  ])("%j", (fields, code, path, words) => {
    const problem = refused(fields);
    expect(problem).toMatchObject({ code, path });
    expect(problem.message).toContain(words);
  });
});

describe("a run that is taken", () => {
  it("reads a dtype as Python writes it", () => {
    const peak = (dtype: string): number | undefined =>
      answered({ quantization: { ...NF4, bnb_4bit_compute_dtype: dtype } }).memory?.allocated_peak;
    expect(peak("torch.bfloat16")).toBe(peak("bfloat16"));
    expect(peak("bfloat16")).toBeGreaterThan(0);
  });

  it("takes a field under two names when they agree", () => {
    const training = { loss: "nll", loss_type: "nll" };
    expect(answered({ training }).memory).toEqual(answered({ training: { loss: "nll" } }).memory);
  });

  it("warns of TRL's float32 in words that fit the run", () => {
    const trap = (quantization: JsonObject | null): string | undefined =>
      answered({ stack: "trl-1.13", training: {}, quantization }).warnings.find(
        ({ code }) => code === "loads_in_float32",
      )?.message;
    expect(trap(null)).toContain("float32");
    expect(trap(NF4)).toContain("float32");
    expect(trap(NF4)).not.toBe(trap(null));
  });
});

describe("a head with trained tokens", () => {
  const tokens = { ...RUN.adapter, trainable_token_indices: { lm_head: [0, 1] } };
  const why = (adapter: JsonObject, loss: string): string | undefined =>
    answered({ adapter, training: { loss } }).warnings.find(
      ({ code }) => code === "memory_not_computed",
    )?.message;

  it("runs with losses that call it, and stops the others by name", () => {
    expect(why(tokens, "nll")).toBeUndefined();
    expect(why(tokens, "hf")).toBeUndefined();
    expect(why(tokens, "chunked_nll")).toContain("no attribute 'bias'");
  });
});

it("says where a model's positions end", () => {
  const why = (length: number): string | undefined =>
    answered({ training: { max_length: length } }).warnings.find(
      ({ code }) => code === "memory_not_computed",
    )?.message;
  expect(why(1024)).toBeUndefined();
  expect(why(1025)).toContain("positions for 1024 tokens and a sequence has 1025");
});
