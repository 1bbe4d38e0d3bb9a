import { asScenario } from "../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import { peaksOf } from "./peaks.js";
import type { MemoryResult } from "../result.js";
import { MEMORY_ROWS, memoryRows, STEP_ROWS, timelineRows } from "./memory-rows.js";

function memoryOf(scenario: unknown): MemoryResult {
  const result = estimate(asScenario(scenario));
  const memory = isRefusal(result) ? undefined : peaksOf(result);
  if (memory === undefined) throw new Error("no memory");
  return memory;
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

  it("hold what is allocated apart from the cache and the context", () => {
    const memory = memoryOf(SCENARIO);
    const bytes = (names: readonly string[]): number =>
      memoryRows(memory)
        .filter(({ name }) => names.includes(name))
        .reduce((sum, row) => sum + row.bytes, 0);
    expect(bytes(STEP_ROWS)).toBe(memory.allocated_peak);
    expect(bytes([...STEP_ROWS, "cache"])).toBe(memory.reserved_peak);
  });

  it("are as certain as their least certain part", () => {
    const memory = memoryOf(SCENARIO);
    const row = (wanted: string) => memoryRows(memory).find(({ name }) => name === wanted);
    expect(row("context")?.parts.map(({ name }) => name)).toEqual(["cuda_context"]);
    expect(row("context")?.certainty).toBe("fitted");
    expect(row("workspace")?.certainty).toBe("traced");
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
