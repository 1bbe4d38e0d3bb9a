import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { MemoryResult } from "../result.js";
import { MEMORY_ROWS, memoryRows, timelineRows } from "./memory-rows.js";

function memoryOf(scenario: unknown): MemoryResult {
  const result = estimate(scenario);
  if (isRefusal(result) || result.memory === undefined) throw new Error("no memory");
  return result.memory;
}

const SCENARIO = {
  model: "gpt2",
  adapter: { r: 8 },
  training: { max_length: 256 },
  hardware: { gpu: "RTX 4090" },
};

describe("memory rows", () => {
  it("add up to what nvidia-smi shows at the peak", () => {
    const memory = memoryOf(SCENARIO);
    const rows = memoryRows(memory);
    expect(rows.map(({ name }) => name)).toEqual(MEMORY_ROWS);
    expect(rows.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(memory.process_peak);
    expect(rows.every(({ bytes, share }) => bytes >= 0 && share <= 1)).toBe(true);
  });

  it("hold the parts of theirs that have bytes, the largest first", () => {
    const memory = memoryOf(SCENARIO);
    const rows = memoryRows(memory);
    for (const { parts } of rows) {
      const sizes = parts.map(({ bytes }) => bytes);
      expect(sizes.every((bytes) => bytes > 0)).toBe(true);
      expect(sizes).toEqual([...sizes].sort((left, right) => right - left));
    }
    const named = rows.flatMap(({ parts }) => parts.map(({ name }) => name));
    expect(named).toHaveLength(new Set(named).size);
    expect(rows.find(({ name }) => name === "logits")?.parts.map(({ name }) => name)).toEqual(
      memory.parts.some(({ name, bytes }) => name === "loss" && bytes > 0) ? ["loss"] : [],
    );
  });

  it("are as certain as their least certain part", () => {
    const memory = memoryOf(SCENARIO);
    const overhead = memoryRows(memory).find(({ name }) => name === "overhead");
    expect(overhead?.parts.some(({ name }) => name === "cuda_context")).toBe(true);
    expect(overhead?.certainty).toBe("fitted");
  });

  it("of the timeline add up to the allocated bytes of every point, the highest being the peak", () => {
    const memory = memoryOf(SCENARIO);
    const { timeline = [] } = memory;
    const sums = timelineRows(memory).map((rows) =>
      Object.values(rows).reduce((sum, bytes) => sum + bytes, 0),
    );
    expect(sums).toEqual(timeline.map(({ allocated }) => allocated));
    expect(Math.max(...sums)).toBe(memory.allocated_peak);
  });
});
