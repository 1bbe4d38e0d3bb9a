import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

function answer(model: string, targets: readonly string[] | string) {
  const result = estimate({ model, adapter: { r: 8, target_modules: targets } });
  if (isRefusal(result)) throw new Error(result.error.message);
  const codes = result.warnings.map(({ code }) => code);
  return { trainable: result.parameters.trainable, codes };
}

/** https://github.com/hiyouga/LLaMA-Factory/issues/5324; counts printed by peft 0.21. */
const QWEN_VL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

describe("silentReach(graph, targeting, modules)", () => {
  it("names a convolution that a list hits beside other layers", () => {
    expect(answer("qwen2-vl-7b", [...QWEN_VL, "qkv", "proj", "fc1", "fc2"])).toEqual({
      trainable: 25_447_616,
      codes: ["adapts_convolution"],
    });
    expect(answer("qwen2-vl-7b", "all-linear")).toEqual({ trainable: 25_579_520, codes: [] });
  });

  it("names experts that stay as they are where MLPs are meant", () => {
    expect(answer("qwen1.5-moe-a2.7b", ["q_proj", "up_proj"])).toEqual({
      trainable: 2_260_992,
      codes: ["experts_not_adapted"],
    });
    expect(answer("qwen1.5-moe-a2.7b", ["q_proj", "v_proj"]).codes).toEqual([]);
    // PEFT translates these names to the parameters of the experts.
    expect(answer("qwen3-30b-a3b", ["q_proj", "gate_proj", "up_proj"])).toEqual({
      trainable: 354_680_832,
      codes: [],
    });
  });
});
