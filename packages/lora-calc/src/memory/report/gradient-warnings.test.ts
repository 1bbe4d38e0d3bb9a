/** That these adapters have no gradient is in the tapes of deepseek_v32, glm_moe_dsa and gemma3n_text, and of mamba: no state of the optimizer is made for them. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

function said(model: string, target_modules: string | readonly string[]): readonly string[] {
  const result = estimate({ model, adapter: { r: 16, target_modules } });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.warnings
    .filter(({ code }) => code === "adapters_without_gradient")
    .map(({ message }) => message);
}

describe("adapters that no gradient reaches", () => {
  it("are those on DeepSeek's indexer", () => {
    const [message, ...others] = said("deepseek-ai/DeepSeek-V3.2", "all-linear");
    // 61 layers · 16 · ((1,536 + 64 · 128) + (7,168 + 128) + (7,168 + 64))
    expect(message).toContain("23,673,856 of the trainable parameters never train");
    expect(message).toContain("wq_b, wk, weights_proj");
    expect(others).toEqual([]);
    expect(said("deepseek-ai/DeepSeek-V3.2", ["q_a_proj"])).toEqual([]);
    expect(said("deepseek-ai/DeepSeek-V3", "all-linear")).toEqual([]);
  });

  it("are those on Mamba's step", () => {
    // 24 layers · 16 · (48 + 1,536)
    expect(said("mamba-130m", ["in_proj", "dt_proj"])[0]).toContain("608,256 of the trainable");
  });

  it("are those on Gemma 3n's corrections, whose weight is read past them", () => {
    // 30 layers · 16 · (4 + 4)
    expect(said("google/gemma-3n-E2B-it", "all-linear")[0]).toContain("3,840 of the trainable");
  });
});
