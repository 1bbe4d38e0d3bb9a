import { describe, expect, it } from "vitest";
import { targetChoices } from "./target-choices.js";

/** Counts of single modules: rank × (in + out) per layer, as PEFT 0.21.0 counts them for Llama-2-7B and GPT-2. */
describe("targetChoices", () => {
  it("prices every module of a model by itself", () => {
    const choices = targetChoices({ model: "meta-llama/Llama-2-7b-hf", adapter: { r: 16 } });
    const named = Object.fromEntries(choices.map((choice) => [choice.name, choice]));
    expect(named["q_proj"]).toMatchObject({ block: "self_attn", count: 32, cost: 4_194_304 });
    expect(named["down_proj"]).toMatchObject({ block: "mlp", count: 32, cost: 7_733_248 });
    expect(named["lm_head"]).toMatchObject({ block: "", count: 1, isInAllLinear: false });
    expect(named["embed_tokens"]).toMatchObject({ cost: 16 * (32_000 + 4096) });
  });

  it("knows which modules the adapter sits on", () => {
    const adapter = { r: 8, target_modules: ["q_proj", "v_proj"] };
    const choices = targetChoices({ model: "meta-llama/Llama-2-7b-hf", adapter });
    const targeted = choices.filter(({ isTargeted }) => isTargeted).map(({ name }) => name);
    expect(targeted).toEqual(["q_proj", "v_proj"]);
  });

  it("joins modules that share a name", () => {
    const choices = targetChoices({ model: "gpt2", adapter: { r: 8 } });
    const projection = choices.find(({ name }) => name === "c_proj");
    expect(projection).toMatchObject({ block: "attn", count: 24 });
  });

  it("offers the modules also while the rank is refused, without prices", () => {
    const choices = targetChoices({ model: "gpt2", adapter: { r: 0 } });
    expect(choices.map(({ name }) => name)).toContain("c_attn");
    expect(choices.every(({ cost }) => cost === undefined)).toBe(true);
  });

  it("offers nothing for a model it does not know", () => {
    expect(targetChoices({ model: "nobody/nothing" })).toEqual([]);
    expect(targetChoices(null)).toEqual([]);
  });
});
