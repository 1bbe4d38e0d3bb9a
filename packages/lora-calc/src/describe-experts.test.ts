import { describe, expect, it } from "vitest";
import { describeExperts } from "./describe-experts.js";
import type { ExpertTensor } from "./describe-experts.js";
import { estimate } from "./estimate.js";
import { isRefusal } from "./result.js";
import type { Scenario } from "./scenario.js";

function expertsOf(scenario: Scenario): readonly ExpertTensor[] {
  const result = describeExperts(scenario);
  if ("error" in result) throw new Error(result.error.message);
  return result.experts;
}

const QWEN = "Qwen/Qwen3-30B-A3B";
const FOUR_BIT = { load_in_4bit: true };

describe("describeExperts(scenario)", () => {
  it("says that two parameters of a layer stay frozen and unpacked", () => {
    const adapter = { r: 16, target_modules: ["q_proj", "v_proj"] };
    const found = expertsOf({ model: QWEN, adapter, quantization: FOUR_BIT });
    // 48 layers of 128 experts: https://huggingface.co/Qwen/Qwen3-30B-A3B/blob/main/config.json
    expect(found).toEqual([
      {
        path: "model.layers.*.mlp.experts.gate_up_proj",
        ...{ count: 48, shape: [128, 1536, 2048], parameters: 19_327_352_832 },
        ...{ stored: "bfloat16", bytes: 38_654_705_664, adapted: "no", trainable: 0 },
      },
      {
        path: "model.layers.*.mlp.experts.down_proj",
        ...{ count: 48, shape: [128, 2048, 768], parameters: 9_663_676_416 },
        ...{ stored: "bfloat16", bytes: 19_327_352_832, adapted: "no", trainable: 0 },
      },
    ]);
  });

  it("counts what reaches them as the estimate does", () => {
    const scenario = { model: QWEN, adapter: { r: 16, target_modules: "all-linear" as const } };
    const result = estimate(scenario);
    if (isRefusal(result)) throw new Error(result.error.message);
    const counted = result.parameters.by_module?.filter(({ path }) => path.includes("experts"));
    const found = expertsOf(scenario);
    expect(found.map(({ adapted }) => adapted)).toEqual(["target_parameters", "target_parameters"]);
    expect(found.reduce((sum, { trainable }) => sum + trainable, 0)).toBe(
      counted?.reduce((sum, { trainable }) => sum + trainable, 0),
    );
  });

  it("has a module for each of them under transformers 4, which bitsandbytes packs", () => {
    const found = expertsOf({
      model: "mistralai/Mixtral-8x7B-v0.1",
      adapter: { r: 8, target_modules: ["w1", "q_proj"] },
      ...{ quantization: FOUR_BIT, versions: { transformers: "4.57.6" } },
    });
    // 32 layers of 8 experts; 256 · 8 · (4096 + 14336).
    expect(
      found.map(({ count, stored, adapted, trainable }) => [count, stored, adapted, trainable]),
    ).toEqual([
      [256, "4bit", "target_modules", 37_748_736],
      [256, "4bit", "no", 0],
      [256, "4bit", "no", 0],
    ]);
  });

  it("is one row for layers of several kinds, and all of it in full fine-tuning", () => {
    const found = expertsOf({ model: "openai/gpt-oss-20b", adapter: null });
    expect(found.map(({ count, adapted }) => [count, adapted])).toEqual([
      [24, "all"],
      [24, "all"],
    ]);
    expect(found.every(({ parameters, trainable }) => parameters === trainable)).toBe(true);
  });

  it("is empty for a model without, and an error for one that cannot be read", () => {
    expect(expertsOf({ model: "gpt2", adapter: { r: 8 } })).toEqual([]);
    expect(describeExperts({ model: "nobody/knows-this" })).toHaveProperty("error");
  });
});
