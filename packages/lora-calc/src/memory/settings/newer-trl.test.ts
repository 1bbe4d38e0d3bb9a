/** What TRL reads, refuses and keeps from 1.15 on, beside what it did before; sources are those of the code that does it. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { asScenario } from "../../exchange/as-scenario.js";
import { peaksOf } from "../../exchange/peaks.js";
import type { JsonObject } from "../../problem/fields.js";
import type { Problem } from "../../problem/problem.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const RUN: JsonObject = {
  model: "Qwen/Qwen2.5-0.5B",
  adapter: { r: 8, target_modules: ["q_proj", "v_proj"] },
  stack: "trl-1.16",
};

function answered(training: JsonObject, change: JsonObject = {}): Estimate {
  const given = { per_device_train_batch_size: 2, max_length: 512, ...training };
  const result = estimate(asScenario({ ...RUN, ...change, training: given }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function peak(training: JsonObject, change: JsonObject = {}): number | undefined {
  return peaksOf(answered(training, change))?.allocated_peak;
}

function refused(training: JsonObject, change: JsonObject = {}): Problem {
  const result = estimate(asScenario({ ...RUN, ...change, training }));
  if (!isRefusal(result)) throw new Error("was not refused");
  return result.error;
}

const OLDER = { stack: "trl-1.13" };

describe("loss_type", () => {
  it("is read by the release of the stack, and chunked_nll is an alias of nll there", () => {
    const fused = peak({ loss: "fused" });
    expect(peak({})).toBe(fused);
    expect(peak({ loss_type: "nll" })).toBe(fused);
    expect(peak({ loss_type: "chunked_nll" })).toBe(fused);
    expect(peak({ loss_type: "nll" }, OLDER)).toBeGreaterThan(1.5 * (fused ?? 0));
  });

  it("is read by the world where no stack names TRL", () => {
    const change = { stack: null, versions: { transformers: "5.24" } };
    expect(peak({ loss_type: "nll" }, change)).toBe(peak({ loss: "fused" }, change));
  });

  it("leaves loss a program, the same in every release", () => {
    const [first, second] = [peak({ loss: "nll" }), peak({ loss: "nll" }, OLDER)];
    expect(Math.abs((first ?? 0) - (second ?? 0))).toBeLessThan(2 ** 20);
  });
});

describe("the fused head", () => {
  it("refuses an adapter on the head, and takes a trained copy of it", () => {
    const adapter = { r: 8, target_modules: ["q_proj", "lm_head"] };
    expect(refused({}, { adapter })).toMatchObject({
      code: "invalid_value",
      path: "adapter.target_modules",
      received: "lm_head",
    });
    expect(refused({ method: "dpo" }, { adapter }).path).toBe("adapter.target_modules");
    expect(peak({}, { adapter, ...OLDER })).toBeGreaterThan(0);
    const copied = { r: 8, target_modules: ["q_proj"], modules_to_save: ["lm_head"] };
    expect(peak({}, { adapter: copied })).toBeGreaterThan(0);
  });

  it("stays under Liger's other kernels, and refuses its fused loss", () => {
    expect(peak({ use_liger_kernel: true })).toBeLessThanOrEqual(peak({}) ?? 0);
    const liger_kernel_config = { fused_linear_cross_entropy: true };
    expect(refused({ use_liger_kernel: true, liger_kernel_config }).path).toBe(
      "training.liger_kernel_config.fused_linear_cross_entropy",
    );
  });

  it("leaves DPO without logits, of policy and reference", () => {
    const long = { method: "dpo", max_length: 1024 };
    expect(peak(long)).toBeLessThan((peak(long, OLDER) ?? 0) / 3);
  });
});

describe("checkpointing", () => {
  it("is read under both of its names", () => {
    const off = peak({ gradient_checkpointing: false });
    expect(peak({ activation_checkpointing: false })).toBe(off);
    const reentrant = peak({ use_reentrant: true });
    expect(peak({ activation_checkpointing_kwargs: { use_reentrant: true } })).toBe(reentrant);
    expect(
      refused({ activation_checkpointing: true, gradient_checkpointing: false }),
    ).toMatchObject({ code: "invalid_value", path: "training.activation_checkpointing" });
  });

  it("keeps the outputs of attention where it is selective, one hidden state and its sums a layer", () => {
    const kwargs = { gradient_checkpointing_kwargs: { selective: true } };
    const more = (peak(kwargs) ?? 0) - (peak({}) ?? 0);
    // 24 layers of 2 × 512 tokens, 896 channels in bfloat16, and 14 heads' sums in float32; one layer is recomputed meanwhile.
    expect(more).toBeGreaterThan(22 * 1024 * (896 * 2 + 14 * 4));
    expect(more).toBeLessThan(26 * 1024 * (896 * 2 + 14 * 4));
  });

  it.each([{ use_reentrant: true }, { gradient_checkpointing: false }])(
    "cannot be selective with %o",
    (change) => {
      expect(refused({ selective_checkpointing: true, ...change })).toMatchObject({
        code: "invalid_value",
        path: "training.selective_checkpointing",
      });
    },
  );
});

it.each([50, null])("Gemma 2 has no sdpa from transformers 5.24 on, be its cap %s", (cap) => {
  const config = {
    ...{ model_type: "gemma2", hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2 },
    ...{ num_attention_heads: 4, num_key_value_heads: 2, head_dim: 16, vocab_size: 1000 },
    attn_logit_softcapping: cap,
  };
  const model = { model: { config } };
  const { assumed } = answered({}, model);
  const chosen = assumed.find(({ path }) => path === "training.attn_implementation");
  expect(chosen?.value).toBe("eager");
  expect(refused({ attn_implementation: "sdpa" }, model).path).toBe("training.attn_implementation");
  expect(peak({ attn_implementation: "sdpa" }, { ...model, ...OLDER })).toBeGreaterThan(0);
});

it("gradients that zero_grad keeps stay: at most one for everything that trains", () => {
  const full = { adapter: null };
  const kept = { loss: "hf", max_grad_norm: 0 };
  const [stay, go] = [peak({ ...kept, set_to_none: false }, full), peak(kept, full)];
  expect((stay ?? 0) - (go ?? 0)).toBeGreaterThan(2 ** 30);
});

it("bitsandbytes 0.50 is taken, with a band of what was read", () => {
  const quantization = { load_in_4bit: true, bnb_4bit_compute_dtype: "bfloat16" };
  const widthOf = ({ interval, memory }: Estimate): number => {
    const [low = 0, high = 0] = interval?.allocated ?? [];
    return (high - low) / (memory?.allocated_peak ?? 1);
  };
  const usual = answered({ max_length: 64 }, { quantization });
  const newer = answered({ max_length: 64 }, { quantization, versions: { bitsandbytes: "0.50" } });
  expect(newer.versions).toMatchObject({ bitsandbytes: "0.50" });
  expect(widthOf(newer)).toBeGreaterThan(2 * widthOf(usual));
});
