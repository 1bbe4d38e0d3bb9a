/** The map of length and batch says the same as limits, in drawn points. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { fitsAlong } from "../../src/fit-map.js";
import { limits } from "../../src/limits.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

const RUNS: readonly Scenario[] = [
  { model: "gpt2", adapter: { r: 8 }, hardware: { gpu: "T4" } },
  {
    model: "qwen2.5-0.5b",
    adapter: { r: 8, target_modules: "all-linear" },
    hardware: { gpu: "RTX 4090" },
    training: { gradient_checkpointing: false },
  },
];
const LENGTHS = [512, 1024, 4096];
const POINTS = 50;
const seed = Number(process.env["MAP_SEED"] ?? 20_261_128);

/** The same limit is asked for many batches. */
const known = new Map<string, (batch: number) => boolean>();

function fitsByLimits(scenario: Scenario, length: number): (batch: number) => boolean {
  const key = JSON.stringify([scenario.model, length]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const answer = limits({ ...scenario, training: { ...scenario.training, max_length: length } });
  if (isRefusal(answer)) throw new Error(answer.error.message);
  const limit = answer.per_device_train_batch_size;
  if (limit === undefined) throw new Error("no limit of the batch");
  const fits = (batch: number): boolean => batch <= limit.value || limit.also_fits.includes(batch);
  known.set(key, fits);
  return fits;
}

it(`equals limits in ${POINTS} drawn points, seed ${seed}`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RUNS),
      fc.nat({ max: LENGTHS.length - 1 }),
      fc.integer({ min: 1, max: 96 }),
      (scenario, at, batch) => {
        const length = LENGTHS[at] ?? 0;
        const isKnown = scenario.model !== "gpt2" || length <= 1024;
        const cell = fitsAlong(scenario, batch, LENGTHS)[at];
        if (!isKnown) expect(cell?.verdict).not.toBe("fits");
        else expect(cell?.verdict === "fits").toBe(fitsByLimits(scenario, length)(batch));
      },
    ),
    { numRuns: POINTS, seed },
  );
});

it("does not estimate beyond what no layout of blocks can fit", () => {
  const scenario = { model: "llama-3.1-8b", adapter: { r: 8 }, hardware: { gpu: "RTX 3060" } };
  expect(fitsAlong(scenario, 1, [64, 128, 256])).toEqual([
    { verdict: "does_not_fit", process_peak: expect.any(Number) as number },
    { verdict: "does_not_fit" },
    { verdict: "does_not_fit" },
  ]);
});
