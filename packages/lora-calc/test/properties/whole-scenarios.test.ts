/**
 * Whole scenarios end in a result or a Problem: nothing is thrown, no number is unsound, the work is bounded in counted
 * events. Seed and size by environment: SCENARIOS_SEED, SCENARIOS (5,000).
 */

import { asScenario } from "../../src/exchange/as-scenario.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { floorOf, peaksOf } from "../../src/exchange/peaks.js";
import type { Estimate } from "../../src/result.js";
import { checkNumbers } from "./numbers.js";
import { scenarios } from "./scenarios.js";

const seed = Number(process.env["SCENARIOS_SEED"] ?? 20_261_128);
const RUNS = Number(process.env["SCENARIOS"] ?? 5000);
/** Events of the allocator in one estimate: two steps of 256 layers, and micro-batches that are repeated until they come round. */
const MAX_EVENTS = 3_000_000;

function checkMemory(answer: Estimate): void {
  const { interval, fit, weights } = answer;
  const floor = floorOf(answer);
  if (floor !== undefined) {
    expect(floor.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(floor.at_least);
    expect(floor.at_least).toBeGreaterThanOrEqual(weights?.bytes ?? 0);
    expect(fit?.verdict).not.toBe("fits");
  }
  const memory = peaksOf(answer);
  if (memory === undefined || interval === undefined) return;
  const parts = memory.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(parts).toBe(memory.allocated_peak);
  expect(memory.parts.every(({ bytes }) => bytes >= 0)).toBe(true);
  expect(memory.reserved_peak).toBeGreaterThanOrEqual(memory.allocated_peak);
  expect(memory.process_peak).toBeGreaterThan(memory.reserved_peak);
  const beyond = memory.beyond_tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(parts + beyond).toBe(memory.process_peak);
  for (const [tier, peak] of [
    ["allocated", memory.allocated_peak],
    ["reserved", memory.reserved_peak],
    ["process", memory.process_peak],
  ] as const) {
    const [low, high] = interval[tier];
    expect(low).toBeLessThanOrEqual(peak);
    expect(high).toBeGreaterThanOrEqual(peak);
  }
  if (weights !== undefined) expect(memory.allocated_peak).toBeGreaterThan(0.5 * weights.bytes);
  if (fit !== undefined) expect(fit.usable).toBeLessThanOrEqual(fit.capacity);
}

describe(`whole scenarios, seed ${seed}`, () => {
  it(`${RUNS} are estimated or refused`, () => {
    let withMemory = 0;
    fc.assert(
      fc.property(scenarios, (scenario) => {
        let events = 0;
        const result = estimate(asScenario(scenario), { onWork: (played) => (events += played) });
        expect(events).toBeLessThan(MAX_EVENTS);
        if (isRefusal(result)) {
          expect(result.error.code).not.toBe("internal");
          expect(result.error.message).not.toBe("");
          return;
        }
        checkNumbers(result);
        checkMemory(result);
        if (result.memory !== undefined) withMemory += 1;
        else if (scenario["training"] !== undefined) {
          const why = result.warnings.find(({ code }) => code === "memory_not_computed");
          expect(why?.message).toBeDefined();
        }
      }),
      { numRuns: RUNS, seed },
    );
    expect(withMemory).toBeGreaterThan(RUNS / 4);
  });
});
