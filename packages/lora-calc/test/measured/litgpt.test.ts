/** Allocated peaks that LitGPT publishes of its own configurations. */

import { expect, it } from "vitest";
import { allocatedError, LITGPT_RUNS } from "./litgpt.js";

it.each(LITGPT_RUNS)("$id is met within 1 %", (run) => {
  expect(Math.abs(allocatedError(run))).toBeLessThan(0.01);
});

it("is met within 0.3 % on average", () => {
  const errors = LITGPT_RUNS.map((run) => Math.abs(allocatedError(run)));
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.003);
});
