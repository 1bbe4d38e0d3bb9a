import { asScenario } from "../exchange/as-scenario.js";
import { expect, test } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import { compareEstimates } from "./comparison.js";
import { MEMORY_ROWS } from "./memory-rows.js";

function run(scenario: object) {
  const answer = estimate(asScenario(scenario));
  if (isRefusal(answer)) throw new Error(answer.error.message);
  return answer;
}

test("rows of the peak add up to the process in every column", () => {
  const runs = [8, 16].map((r) =>
    run({ model: "gpt2", adapter: { r }, hardware: { gpu: "T4" }, training: {} }),
  );
  const figures = compareEstimates(runs);
  for (const column of [0, 1]) {
    const value = (name: string) => figures.find((row) => row.name === name)?.values[column] ?? 0;
    expect(MEMORY_ROWS.reduce((sum, name) => sum + value(name), 0)).toBe(value("process"));
  }
  // peft 0.21.0 on gpt2: 36,864 for each unit of rank.
  expect(figures[0]).toEqual({ name: "trainable", unit: "parameters", values: [294912, 589824] });
});

test("a figure that one run lacks keeps its place, one that all lack is left out", () => {
  const figures = compareEstimates([
    run({ model: "gpt2", adapter: { r: 8 } }),
    run({ model: "gpt2", adapter: { r: 8 }, training: {} }),
  ]);
  const process = figures.find(({ name }) => name === "process");
  expect(process?.values[0]).toBeUndefined();
  expect(process?.values[1]).toBeGreaterThan(0);
  expect(figures.some(({ name }) => name === "headroom")).toBe(false);
});
