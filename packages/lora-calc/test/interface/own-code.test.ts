/** Models whose classes lie in their repository: which releases run them, and what such a class passes over. */

import { describe, expect, it } from "vitest";
import { estimate, isRefusal } from "../../src/index.js";
import type { Estimate, Scenario } from "../../src/index.js";

const ADAPTER = { r: 16, target_modules: "all-linear" } as const;
const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" } as const;

function answered(scenario: Scenario): Estimate {
  const result = estimate({ adapter: ADAPTER, training: {}, ...scenario });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

const obstacleOf = ({ warnings }: Estimate): string | undefined =>
  warnings.find(({ code }) => code === "memory_not_computed")?.message;
/** Bytes; −1 where the step is not computed. */
const peakOf = ({ memory }: Estimate): number =>
  (memory !== undefined && "allocated_peak" in memory ? memory.allocated_peak : undefined) ?? -1;

describe("the release that runs", () => {
  it.each([
    ["qwen-7b", "no attribute 'get_head_mask'"],
    ["internlm2-7b", "KeyError: 'type'"],
  ])("is taken for %s, with what the usual one raises", (model, error) => {
    const result = answered({ model });
    expect(result.versions.transformers).toMatch(/^4\.57/);
    const { reason } = result.assumed.find(({ path }) => path === "versions.transformers") ?? {};
    expect(reason).toContain(error);
    expect(peakOf(result)).toBeGreaterThan(0);
  });

  it("stops where a release is typed that does not", () => {
    const result = answered({ model: "internlm2-7b", versions: { transformers: "5.18" } });
    expect(obstacleOf(result)).toContain("stops under transformers 5.18 (KeyError: 'type')");
    expect(answered({ model: "llama-3.1-8b" }).versions.transformers).not.toMatch(/^4/);
  });

  it("has no step of ChatGLM, and says why", () => {
    expect(obstacleOf(answered({ model: "chatglm3-6b" }))).toContain("TorchScript");
  });
});

describe("what a class decides itself", () => {
  it("is Qwen's dtype, unless its base is quantized", () => {
    const asked = answered({ model: "qwen-1.8b", training: { dtype: "float32" } });
    expect(asked.ignored).toContain("training.dtype");
    expect(peakOf(asked)).toBe(peakOf(answered({ model: "qwen-1.8b" })));
    const packed = { model: "qwen-1.8b", quantization: NF4 };
    const inFull = answered({ ...packed, training: { dtype: "float32" } });
    expect(inFull.ignored).not.toContain("training.dtype");
    expect(peakOf(inFull)).toBeGreaterThan(peakOf(answered(packed)));
  });

  it("is how it checkpoints, and its attention", () => {
    const asked = answered({ model: "internlm2-1.8b", training: { use_reentrant: false } });
    expect(asked.ignored).toContain("training.use_reentrant");
    expect(peakOf(asked)).toBe(peakOf(answered({ model: "internlm2-1.8b" })));
    const refused = estimate({
      ...{ model: "internlm2-1.8b", adapter: ADAPTER },
      training: { attn_implementation: "sdpa" },
    });
    expect(isRefusal(refused) && refused.error.message).toContain("does not support");
  });

  it("is how long its tables are", () => {
    const config = { model_type: "internlm2", max_position_embeddings: 512, num_hidden_layers: 2 };
    const model = { config };
    expect(obstacleOf(answered({ model, training: { max_length: 513 } }))).toContain("513");
    expect(peakOf(answered({ model, training: { max_length: 512 } }))).toBeGreaterThan(0);
  });

  it("are InternLM 2's tables, gigabytes for a million tokens", () => {
    const [short, long] = ["internlm2-7b", "internlm2.5-7b-1m"].map((model) =>
      peakOf(answered({ model })),
    );
    // 32 layers × 2 tables × (262,144 − 32,768) positions × 128 × 2 bytes.
    expect((long ?? 0) - (short ?? 0)).toBe(32 * 2 * (262_144 - 32_768) * 128 * 2);
  });
});

it.each([
  ["deberta-v2-xlarge", { ...ADAPTER, task_type: "SEQ_CLS" }, { max_length: 128 }],
  ["vit-base-patch16-224", { r: 16, target_modules: ["q_proj"] }, {}],
] as const)(
  "warns of the convolution of %s, whose workspace cuDNN chooses",
  (model, adapter, training) => {
    const { warnings } = answered({ model, adapter, training });
    expect(warnings.map(({ message }) => message).join()).toContain("cuDNN");
  },
);
