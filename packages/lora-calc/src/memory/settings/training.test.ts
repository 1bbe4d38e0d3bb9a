import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import { peaksOf } from "../../exchange/peaks.js";
import type { Estimate } from "../../result.js";
import type { Problem } from "../../problem/problem.js";
import type { JsonObject } from "../../problem/fields.js";

const GPT2 = { model: "gpt2", adapter: { r: 8 } };

function answered(fields: JsonObject): Estimate {
  const result = estimate({ ...GPT2, ...fields });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function refused(fields: JsonObject): Problem {
  const result = estimate({ ...GPT2, ...fields });
  if (!isRefusal(result)) throw new Error("was not refused");
  return result.error;
}

describe("training settings", () => {
  it("lists what changes neither counts nor memory", () => {
    const { ignored } = answered({ training: { learning_rate: 2e-4, logging_steps: 5 } });
    expect(ignored).toEqual(["training.learning_rate", "training.logging_steps"]);
  });

  it("takes the names of TRL for the fields it has of its own", () => {
    const own = answered({ training: { loss: "nll", use_reentrant: true, dtype: "float32" } });
    const trl = answered({
      training: {
        loss_type: "nll",
        gradient_checkpointing_kwargs: { use_reentrant: true },
        model_init_kwargs: { dtype: "float32" },
      },
    });
    expect(trl.memory?.allocated_peak).toBe(own.memory?.allocated_peak);
    expect(refused({ training: { loss: "hf", loss_type: "nll" } })).toMatchObject({
      code: "invalid_value",
      path: "training.loss_type",
    });
  });

  it.each([
    [{ loss: "liger" }, "training.loss"],
    [{ optim: "galore_adamw" }, "training.optim"],
    [{ attn_implementation: "flash_attention_3" }, "training.attn_implementation"],
    [{ packing: true }, "training.packing"],
    [{ method: "kto" }, "training.method"],
    [{ deepspeed: "ds.json" }, "training.deepspeed"],
  ])("refuses %j by name: it is known and has no program", (training, path) => {
    expect(refused({ training })).toMatchObject({ code: "unsupported", path });
  });

  it("refuses a name nobody knows, with the nearest", () => {
    const { code, message } = refused({ training: { max_lenght: 5 } });
    expect(code).toBe("unknown_field");
    expect(message).toContain("max_length");
  });

  it("refuses more tokens than it computes in time", () => {
    const training = { per_device_train_batch_size: 4096, max_length: 65_536 };
    expect(refused({ training })).toMatchObject({ code: "limit_exceeded" });
  });
});

describe("fp16", () => {
  it("replaces bf16 autocast", () => {
    const { assumed, memory } = answered({ training: { fp16: true } });
    expect(memory).toBeDefined();
    expect(assumed).toContainEqual(
      expect.objectContaining({ path: "training.adapter_dtype", value: "auto" }),
    );
    expect(refused({ training: { fp16: true, bf16: true } }).path).toBe("training.fp16");
  });

  it.each([["bfloat16"], ["float16"]])("cannot unscale %s gradients", (dtype) => {
    const { code, message } = refused({ training: { fp16: true, adapter_dtype: dtype } });
    expect(code).toBe("invalid_value");
    expect(message).toContain("PyTorch raises");
  });
});

describe("quantization", () => {
  const nf4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" };

  it("assumes a compute dtype, and says what transformers would take", () => {
    const { assumed, warnings } = answered({ quantization: nf4 });
    expect(assumed).toContainEqual(
      expect.objectContaining({ path: "quantization.bnb_4bit_compute_dtype", value: "bfloat16" }),
    );
    expect(warnings.map(({ code }) => code)).toEqual(["compute_dtype_assumed"]);
    const said = answered({ quantization: { ...nf4, bnb_4bit_compute_dtype: "torch.bfloat16" } });
    expect(said.warnings).toEqual([]);
  });

  it("refuses unknown and uncomputed fields", () => {
    expect(refused({ quantization: { ...nf4, foo: 1 } })).toMatchObject({ code: "unknown_field" });
    expect(refused({ quantization: { ...nf4, quant_method: "gptq" } })).toMatchObject({
      code: "unsupported",
    });
  });
});

describe("what is not computed", () => {
  it.each([
    [{ modules_to_save: ["mlp"] }, "a trained copy of transformer.h.*.mlp"],
    [{ target_modules: [], target_parameters: ["c_attn.weight"] }, "the adapter on"],
  ])("has no memory and says why: %j", (options, named) => {
    const answer = answered({ adapter: { r: 8, ...options }, training: {} });
    expect(peaksOf(answer)).toBeUndefined();
    const warning = answer.warnings.find(({ code }) => code === "memory_not_computed");
    expect(warning?.message).toContain(named);
  });
});

describe("attention with sinks", () => {
  const OSS = { model: "openai/gpt-oss-20b", adapter: { r: 8, target_modules: "all-linear" } };

  it("is eager, and says so", () => {
    const { assumed, memory } = answered({ ...OSS, training: { dtype: "bfloat16" } });
    const found = assumed.find(({ path }) => path === "training.attn_implementation");
    expect(found).toMatchObject({ value: "eager" });
    expect(found?.reason).toContain("scaled_dot_product_attention");
    expect(memory).toBeDefined();
  });

  it("is refused as sdpa, as transformers refuses it", () => {
    expect(refused({ ...OSS, training: { attn_implementation: "sdpa" } })).toMatchObject({
      code: "invalid_value",
      path: "training.attn_implementation",
      expected: ["eager"],
    });
  });
});
