/** One configuration under two stacks: what changes, and by how much. */

import { describe, expect, it } from "vitest";
import { compareStacks } from "./compare-stacks.js";
import type { StackComparison } from "./compare-stacks.js";
import { estimate } from "./estimate.js";
import { peaksOf } from "./exchange/peaks.js";
import { isRefusal } from "./result.js";
import type { Scenario } from "./scenario.js";
import { neighbourOf } from "./stacks/stacks.js";
import { MIB } from "./units/format.js";

const QLORA: Scenario = {
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, target_modules: "all-linear" },
  quantization: { load_in_4bit: true, bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  training: { per_device_train_batch_size: 2, max_length: 2048 },
};

function sum({ changes }: StackComparison): number {
  return changes.reduce((total, { bytes }) => total + bytes, 0);
}

describe("compareStacks", () => {
  it("says that loss_type nll builds no logits from TRL 1.15 on, whichever way it is said", () => {
    for (const training of [{ loss_type: "nll" }, { loss: "nll" }] as const) {
      const run = { ...QLORA, training: { ...QLORA.training, ...training } };
      const compared = compareStacks(run, "trl-1.13", "trl-1.16");
      const { from, to, changes } = compared;
      expect(changes[0]).toMatchObject({ path: "training.loss", from: "nll", to: "fused" });
      expect((from.allocated_peak ?? 0) / MIB).toBeCloseTo(12_984, 0);
      expect((to.allocated_peak ?? 0) / MIB).toBeCloseTo(7698, 0);
      expect(sum(compared)).toBe((to.allocated_peak ?? 0) - (from.allocated_peak ?? 0));
    }
  });

  it("gives the configuration as it is said under the other, which computes the same", () => {
    const run = { ...QLORA, training: { ...QLORA.training, loss: "nll" as const } };
    const { to } = compareStacks(run, "trl-1.13", "trl-1.16");
    expect(to.scenario).toMatchObject({ stack: "trl-1.16", training: { loss: "fused" } });
    const result = estimate(to.scenario);
    expect(isRefusal(result) ? undefined : peaksOf(result)?.allocated_peak).toBe(to.allocated_peak);
    const { to: back } = compareStacks(to.scenario, "trl-1.16", "trl-1.13");
    expect(back.scenario).toMatchObject({ stack: "trl-1.13", training: { loss: "nll" } });
  });

  it("names what the releases do by themselves: magnitudes in float32, and no sdpa for capped scores", () => {
    const dora = { ...QLORA, adapter: { ...QLORA.adapter, use_dora: true } };
    const [first] = compareStacks(dora, "trl-1.13", "trl-1.16").changes;
    expect(first).toMatchObject({ path: "versions" });
    expect(first?.reason).toContain("DoRA's magnitudes stay float32");
    expect(first?.bytes).toBeGreaterThan(0);
    const gemma = { ...QLORA, model: "google/gemma-2-9b" };
    const [attention] = compareStacks(gemma, "hf-trainer-5.18", "hf-trainer-5.24").changes;
    expect(attention).toMatchObject({ path: "training.attn_implementation", to: "eager" });
  });

  it("names the releases that are typed, and adds up where both stacks run them", () => {
    const versions = { transformers: "5.18" };
    const dora = { ...QLORA, versions, adapter: { ...QLORA.adapter, use_dora: true } };
    const compared = compareStacks(dora, "trl-1.13", "trl-1.16");
    const { from, to, changes } = compared;
    expect(sum(compared)).toBe((to.allocated_peak ?? 0) - (from.allocated_peak ?? 0));
    expect(changes[0]).toMatchObject({ path: "versions" });
    expect(changes[0]?.to).toBe(changes[0]?.from);
    const plain = compareStacks({ ...QLORA, versions }, "hf-trainer-5.18", "hf-trainer-5.24");
    expect(plain.changes).toEqual([]);
  });

  it.each([
    ["axolotl-0.19", "LoRA kernels"],
    ["llama-factory-0.9", "multiples of 8"],
    ["unsloth-2026.8", "host's memory"],
  ] as const)("tells what %s does by itself from what the releases below it do", (id, says) => {
    const run = { ...QLORA, training: { ...QLORA.training, gradient_checkpointing: true } };
    const compared = compareStacks({ ...run, versions: { transformers: "5.18" } }, "trl-1.13", id);
    const own = compared.changes.find(({ path }) => path === "stack");
    expect(own?.reason).toContain(says);
    const { from, to } = compared;
    expect(sum(compared)).toBe((to.allocated_peak ?? 0) - (from.allocated_peak ?? 0));
    expect(compared.changes.find(({ path }) => path === "versions")?.bytes ?? 0).toBe(0);
    const [back] = compareStacks(run, id, "trl-1.16").changes.filter(
      ({ path }) => path === "stack",
    );
    expect(back?.reason).toContain(`without`);
  });

  it("prices a loss that the first stack has no program of under the second", () => {
    const compared = compareStacks(QLORA, "axolotl-0.19", "trl-1.16");
    const { from, to, changes } = compared;
    const loss = changes.find(({ path }) => path === "training.loss");
    expect(loss).toMatchObject({ from: "hf", to: "fused" });
    expect(loss?.bytes).toBeLessThan(0);
    expect(sum(compared)).toBe((to.allocated_peak ?? 0) - (from.allocated_peak ?? 0));
  });

  it("names no kernels where weights in 8 bits run without them", () => {
    const run = { ...QLORA, quantization: { load_in_8bit: true } };
    const { changes } = compareStacks(run, "hf-trainer-5.18", "axolotl-0.19");
    expect(changes.find(({ path }) => path === "stack")?.reason).toMatch(/^(?!.*kernels)/);
  });

  it("leaves to Unsloth what it decides", () => {
    const training = { ...QLORA.training, attn_implementation: "sdpa", loss: "nll" } as const;
    const compared = compareStacks({ ...QLORA, training }, "trl-1.16", "unsloth-2026.8");
    const { from, to } = compared;
    expect(to.problem).toBeUndefined();
    expect(to.scenario.training).toMatchObject({ attn_implementation: null, loss: null });
    expect(sum(compared)).toBe((to.allocated_peak ?? 0) - (from.allocated_peak ?? 0));
  });

  it("says that the other refuses the run", () => {
    const head = { ...QLORA, adapter: { r: 8, target_modules: ["q_proj", "lm_head"] } };
    const { from, to, changes } = compareStacks(head, "trl-1.13", "trl-1.16");
    expect(from.allocated_peak).toBeGreaterThan(0);
    expect(to.problem).toMatchObject({ path: "adapter.target_modules" });
    expect(changes).toEqual([]);
  });
});

it("the release beside a stack is the next, else the one before", () => {
  expect(["trl-1.13", "trl-1.16", "plain-loop"].map((id) => neighbourOf(id as "trl-1.13"))).toEqual(
    ["trl-1.16", "trl-1.13", undefined],
  );
});
