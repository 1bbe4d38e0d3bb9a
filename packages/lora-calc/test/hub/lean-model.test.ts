import { describe, expect, it } from "vitest";
import { asScenario, estimate, isRefusal } from "lora-calc";
import { leanModel } from "lora-calc/hub";
import type { FoundModel } from "lora-calc/hub";
import { CONFIG, HEADER } from "./served-models.js";

const tensor = (...shape: number[]): object => ({ dtype: "F32", shape, data_offsets: [0, 4] });

function found(config: object, safetensors: object): FoundModel {
  const model = { id: "owner/model", config: { ...config }, safetensors: { ...safetensors } };
  return { repository: "owner/model", commit: undefined, talk: [], model };
}

function base(model: object | string | undefined): number {
  const adapter = { r: 8, target_modules: "all-linear" };
  const result = estimate(asScenario({ model, adapter }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.parameters.base;
}

describe("a model that was found, without its header", () => {
  it("still has the ties, the vocabulary and the dtype that lie there", () => {
    const header = {
      "model.embed_tokens.weight": tensor(128, 64),
      "lm_head.weight": tensor(128, 64),
    };
    const whole = found(CONFIG, header);
    const lean = leanModel(whole);
    expect(lean).toEqual({
      id: "owner/model",
      ties: "checkpoint",
      config: { ...CONFIG, vocab_size: 128, dtype: "float32" },
    });
    expect(base(lean)).toBe(base(whole.model));
  });

  it("keeps what its configuration says", () => {
    const named = { ...CONFIG, dtype: "float16", _name_or_path: "owner/older" };
    const lean = leanModel(found(named, HEADER));
    expect(lean).toMatchObject({ config: { ...CONFIG, dtype: "float16" } });
    expect(lean).not.toHaveProperty("config._name_or_path");
  });

  it("is its header where no blueprint builds it", () => {
    const config = { model_type: "of_its_own", auto_map: { AutoConfig: "own.Own" } };
    const lean = leanModel(found(config, { ...HEADER, "h.0.c.weight": tensor(8, 8) }));
    expect(lean).toHaveProperty("safetensors");
    expect(base(lean)).toBe(2 * 100 * 64 + 64);
  });
});
