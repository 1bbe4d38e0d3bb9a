import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { TrainerFile } from "./read-file.js";

const PARAMETERS = {
  rank: 8,
  scale: 20,
  dropout: 0,
  keys: ["self_attn.q_proj", "self_attn.v_proj"],
};
const FILE = {
  model: "mlx-community/Qwen3-4B-4bit",
  fine_tune_type: "lora",
  lora_parameters: PARAMETERS,
};

const read = readerOf(FILE);

function trainableOf({ scenario }: TrainerFile): number {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.parameters.trainable;
}

// Qwen3-4B: 36 layers of 2,560; queries 4,096 wide, values 1,024. A module of rank 8 has 8 · (in + out) parameters.
const LAYER = 8 * (2560 + 4096) + 8 * (2560 + 1024);

describe("an MLX-LM file", () => {
  it("adapts the last 16 layers unless it is told of others, and counts its base", () => {
    const file = read({});
    expect(file.scenario.model).toBe("Qwen/Qwen3-4B");
    expect(trainableOf(file)).toBe(16 * LAYER);
    expect(trainableOf(read({ num_layers: 4 }))).toBe(4 * LAYER);
    expect(trainableOf(read({ num_layers: -1 }))).toBe(36 * LAYER);
    expect(trainableOf(read({ num_layers: 36 }))).toBe(36 * LAYER);
  });

  it("has a scale where PEFT has alpha, and a rank", () => {
    expect(read({ num_layers: -1 }).scenario.adapter).toEqual({
      ...{ r: 8, lora_alpha: 160, lora_dropout: 0, target_modules: PARAMETERS.keys },
    });
  });

  it("asks for no memory, and says why", () => {
    const file = read({});
    expect(file.scenario.training).toBeUndefined();
    expect(codesOf(file)).toEqual(["not_computed model", "assumed num_layers"]);
    expect(codesOf(read({ num_layers: 8 }))).toEqual(["not_computed model"]);
  });

  it("reads old names, DoRA, and every linear layer where no key is named", () => {
    const file = read({
      fine_tune_type: null,
      use_dora: true,
      lora_layers: -1,
      lora_parameters: { rank: 4 },
    });
    expect(file.scenario.adapter).toMatchObject({
      r: 4,
      use_dora: true,
      target_modules: "all-linear",
    });
    expect(file.findings.map(({ code }) => code)).toEqual(["old_key", "old_key", "not_computed"]);
  });

  it("says that of a model that is not in the catalogue all layers are counted", () => {
    const file = read({ model: "someone/else" });
    expect(file.findings.map(({ key }) => key)).toEqual(["model", "num_layers"]);
  });

  it("trains the last layers whole, which is told", () => {
    const file = read({ fine_tune_type: "full" });
    expect(file.scenario.adapter).toBeNull();
    expect(file.findings.map(({ key }) => key)).toEqual(["model", "num_layers"]);
  });
});
