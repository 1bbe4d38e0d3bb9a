import { describe, expect, it } from "vitest";
import { EXPERIMENT_STEPS, TASK_RANK } from "./plan.js";
import { trainBoth } from "./train-both.js";
import type { Outcome, Progress } from "./train-both.js";

function trained(rank: number): { readonly told: readonly Progress[]; readonly outcome: Outcome } {
  const told: Progress[] = [];
  const run = trainBoth({ rank, alpha: 8, rule: "alpha / r" });
  let next = run.next();
  while (next.done !== true) {
    told.push(next.value);
    next = run.next();
  }
  return { told, outcome: next.value };
}

describe("trainBoth", () => {
  const { told, outcome } = trained(TASK_RANK);

  it("tells both errors from the pretrained network to the last step", () => {
    expect(told[0]).toEqual({ step: 0, full: 1, lora: 1 });
    expect(told.at(-1)?.step).toBe(EXPERIMENT_STEPS);
    expect(told.at(-1)?.lora).toBe(outcome.loraLeft / 100);
  });

  it("counts 24·32 + 32·32 + 32·24 weights against r × (in + out) per layer", () => {
    expect(outcome.fullTrainable).toBe(2560);
    expect(outcome.loraTrainable).toBe(TASK_RANK * (56 + 64 + 56));
    expect(outcome.loraPercent).toBeCloseTo(27.5, 6);
  });

  it("ends with little error left for either, at the task's own rank", () => {
    expect(outcome.fullLeft).toBeLessThan(5);
    expect(outcome.loraLeft).toBeLessThan(5);
  });

  it("finds most of full training's change in a few directions", () => {
    expect(outcome.topPercent).toBeGreaterThan(70);
    expect(outcome.directions).toBe(32);
  });
});
