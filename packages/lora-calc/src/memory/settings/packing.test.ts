import { describe, expect, it } from "vitest";
import { asScenario } from "../../exchange/as-scenario.js";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

const FLASH = "flash_attention_2";
const RUN = {
  model: "Qwen/Qwen2.5-0.5B",
  adapter: { r: 8, target_modules: "all-linear" },
  stack: "trl-1.16",
  hardware: { gpu: "A100 80GB SXM" },
};

function run(training: object, more: object = {}) {
  const step = { per_device_train_batch_size: 2, max_length: 512, dtype: "bfloat16", ...training };
  const result = estimate(asScenario({ ...RUN, ...more, training: step }));
  if (isRefusal(result)) return { error: result.error };
  const { memory, assumed, warnings } = result;
  return {
    peak: memory !== undefined && "allocated_peak" in memory ? memory.allocated_peak : undefined,
    sequences: assumed.find(({ path }) => path === "training.packed_sequences")?.value,
    why: warnings.find(({ code }) => code === "memory_not_computed")?.message ?? "",
  };
}

describe("packing", () => {
  it("makes one row of all, of as many sequences as are assumed or said", () => {
    const packed = run({ packing: true, attn_implementation: FLASH });
    expect(packed.sequences).toBe(8);
    expect(packed.peak).toBeGreaterThan(0);
    const said = run({ packing: true, attn_implementation: FLASH, packed_sequences: 8 });
    expect(said).toMatchObject({ peak: packed.peak, sequences: undefined });
    const wrapped = run({ packing: true, packing_strategy: "wrapped", attn_implementation: FLASH });
    expect(wrapped).toMatchObject({
      peak: run({ attn_implementation: FLASH }).peak,
      sequences: undefined,
    });
    const free = run({ padding_free: true, attn_implementation: FLASH }, { stack: "trl-1.13" });
    expect(free.sequences).toBe(2);
  });

  it.each([
    [
      { packing: true },
      "training.packing",
      "set training.attn_implementation to flash_attention_2",
    ],
    [{ packed_sequences: 4 }, "training.packed_sequences", "told apart by FlashAttention"],
    [{ padding_free: true }, "training.padding_free", "told apart by FlashAttention"],
    [
      { packing: false, padding_free: true },
      "training.padding_free",
      "told apart by FlashAttention",
    ],
    [
      { packing: true, attn_implementation: FLASH, padding: true },
      "training.packing",
      "has no padding",
    ],
    [
      { packing: true, attn_implementation: FLASH, method: "dpo" },
      "training.packing",
      "DPO under packing",
    ],
  ])("refuses %j", (training, path, words) => {
    const { error } = run(training);
    expect(error?.path).toBe(path);
    expect(error?.message).toContain(words);
  });
});

describe("flash_attention_2", () => {
  it.each([
    [{}, { hardware: { gpu: "T4" } }, "Ampere cards and later"],
    [{ bf16: false, dtype: "float32" }, {}, "takes 16 bits"],
    [{ padding: true }, {}, "padding under flash_attention_2"],
    [{}, { model: "openai/gpt-oss-20b" }, "GptOssAttention has no program here"],
    [{}, { model: "bigscience/bloom-560m" }, "flash_attention_2 on"],
    [{}, { versions: { transformers: "4.57.6" }, stack: "plain-loop" }, "is not compared"],
  ])("is not computed where it cannot run: %j %j", (training, more, words) => {
    expect(run({ attn_implementation: FLASH, ...training }, more).why).toContain(words);
  });
});
