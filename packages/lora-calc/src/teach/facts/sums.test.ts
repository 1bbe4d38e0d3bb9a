import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import { rankSum, tokenSum } from "./sums.js";

function answer(scenario: Scenario): Estimate {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

const LLAMA = { model: "meta-llama/Llama-3.1-8B", training: { max_length: 2048 } };

describe("rankSum", () => {
  it("writes Llama-3.1-8B's 41,943,040 as seven modules of four shapes", () => {
    const sum = rankSum(
      answer({ ...LLAMA, adapter: { r: 16, target_modules: "all-linear" } }).parameters,
    );
    expect(sum?.lines.map(({ names }) => names)).toEqual([
      ["q_proj", "o_proj"],
      ["k_proj", "v_proj"],
      ["gate_proj", "up_proj"],
      ["down_proj"],
    ]);
    for (const { modules, rank, inFeatures, outFeatures, beside, parameters } of sum?.lines ?? [])
      expect(modules * (rank * (inFeatures + outFeatures) + beside)).toBe(parameters);
    expect(sum).toMatchObject({ others: 0, total: 41_943_040 });
  });

  it("names DoRA's magnitudes and what is trained in full", () => {
    const sum = rankSum(
      answer({
        ...LLAMA,
        adapter: { r: 8, target_modules: ["k_proj"], use_dora: true, modules_to_save: ["lm_head"] },
      }).parameters,
    );
    expect(sum?.lines).toMatchObject([{ names: ["k_proj"], modules: 32, beside: 1024 }]);
    // One copy of the head: 128,256 × 4,096.
    expect(sum?.others).toBe(525_336_576);
  });

  it("keeps ranks of a pattern apart, and knows none of methods without a rank", () => {
    const pattern = {
      r: 8,
      target_modules: ["q_proj"],
      rank_pattern: { "layers.0.self_attn.q_proj": 4 },
    };
    const sum = rankSum(answer({ ...LLAMA, adapter: pattern }).parameters);
    expect(sum?.lines.map(({ rank, modules }) => [rank, modules])).toEqual([
      [4, 1],
      [8, 31],
    ]);
    expect(rankSum(answer({ ...LLAMA, adapter: { peft_type: "IA3" } }).parameters)).toBeUndefined();
    expect(rankSum(answer({ ...LLAMA, adapter: null }).parameters)).toBeUndefined();
  });
});

describe("tokenSum", () => {
  it("adds what the tokens take at the peak, and takes the stack's batch", () => {
    const scenario = { ...LLAMA, adapter: { r: 16 } };
    const result = answer(scenario);
    const sum = tokenSum(scenario, result);
    expect(sum).toMatchObject({ batch: 1, length: 2048, tokens: 2048 });
    const parts = (result.memory?.parts ?? []) as readonly { name: string; bytes: number }[];
    const expected = parts
      .filter(({ name }) => ["checkpoints", "activations", "loss"].includes(name))
      .reduce((total, { bytes }) => total + bytes, 0);
    expect(sum?.bytes).toBe(expected);
    expect(sum?.bytesPerToken).toBe(Math.round(expected / 2048));
  });

  it("is silent where memory is not computed", () => {
    const counted: Scenario = { model: "gpt2", adapter: { r: 8 } };
    expect(tokenSum(counted, answer(counted))).toBeUndefined();
  });
});
