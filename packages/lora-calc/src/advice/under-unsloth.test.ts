import { describe, expect, it } from "vitest";
import { advise, applyLever } from "../advise.js";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import { peaksOf } from "../exchange/peaks.js";
import { DEFAULT_STEP } from "../fields/step.js";
import type { Lever } from "../result.js";
import type { Scenario } from "../scenario.js";
import { underUnsloth } from "./under-unsloth.js";

const RUN = {
  model: "llama-3.1-8b",
  stack: "trl-1.16",
  adapter: { r: 16, target_modules: "all-linear" },
  quantization: {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    bnb_4bit_compute_dtype: "bfloat16",
  },
  // Unsloth's loss goes over as many tokens at a time as half of what is free has room for.
  hardware: { gpu: "RTX 3060" },
  training: {
    ...{ per_device_train_batch_size: 2, max_length: 4096, gradient_accumulation_steps: 4 },
    ...{ attn_implementation: "sdpa", learning_rate: 2e-4 },
  },
} satisfies Scenario;

function leverOf(scenario: Scenario): Lever | undefined {
  const answer = estimate(scenario);
  if (isRefusal(answer)) throw new Error(answer.error.message);
  return advise(scenario, answer).levers.find(({ id }) => id === "unsloth");
}

function processPeakOf(scenario: Scenario): number {
  const answer = estimate(scenario);
  if (isRefusal(answer)) throw new Error(answer.error.message);
  return peaksOf(answer)?.process_peak ?? Number.NaN;
}

describe("the same run under Unsloth", () => {
  it("spells out what its defaults would change, and takes out what it decides", () => {
    const given = { attn_implementation: "sdpa", bf16: true, learning_rate: 1e-4, loss: null };
    const training = { ...DEFAULT_STEP, bf16: true, max_length: 512 };
    const quantization = { load_in_4bit: true, bnb_4bit_quant_type: "fp4" };
    expect(underUnsloth({ training, adapter: null, quantization, movable: { given } })).toEqual({
      stack: "unsloth-2026.8",
      training: {
        attn_implementation: null,
        bf16: true,
        per_device_train_batch_size: 1,
        max_length: 512,
        gradient_accumulation_steps: 1,
        gradient_checkpointing: true,
        optim: "adamw_torch_fused",
      },
      quantization: { bnb_4bit_quant_type: null },
    });
  });

  it("keeps fp16, and says nothing of a precision that is off", () => {
    const at = (precision: { readonly bf16: boolean; readonly fp16: boolean }): object => {
      const training = { ...DEFAULT_STEP, ...precision };
      const situation = { training, adapter: null, quantization: null, movable: { given: {} } };
      return underUnsloth(situation)?.training ?? {};
    };
    expect(at({ bf16: false, fp16: true })).toMatchObject({ fp16: true });
    expect(at({ bf16: false, fp16: false })).not.toHaveProperty("fp16");
    expect(at({ bf16: false, fp16: false })).not.toHaveProperty("bf16");
  });

  it("frees what the run under it takes less, batch and length as they were", () => {
    const lever = leverOf(RUN);
    if (lever === undefined) throw new Error("not offered");
    const moved = applyLever(RUN, lever);
    expect(moved.stack).toBe("unsloth-2026.8");
    expect(moved.training).toMatchObject({ max_length: 4096, learning_rate: 2e-4 });
    expect(lever.saves).toBe(processPeakOf(RUN) - processPeakOf(moved));
    expect(lever.saves).toBeGreaterThan(2 ** 30);
  });

  it.each<[string, Partial<Scenario>]>([
    ["a trainer that it does not patch", { stack: "axolotl-0.19" }],
    ["a run that is there", { stack: "unsloth-2026.8", training: { max_length: 4096 } }],
    ["a type that it compiles", { model: "olmo-2-1b" }],
    ["several cards", { hardware: { gpu: "RTX 4090", count: 2 } }],
    ["DPO", { training: { method: "dpo", max_length: 512 } }],
  ])("is not offered for %s", (_, changed) => {
    expect(leverOf({ ...RUN, quantization: null, ...changed })).toBeUndefined();
  });
});
