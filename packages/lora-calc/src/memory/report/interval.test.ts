import { describe, expect, it } from "vitest";
import type { MemoryEstimate } from "./estimate-memory.js";
import type { Evidence } from "./evidence.js";
import { bandsOf } from "./interval.js";

function bands(
  peaks: Partial<MemoryEstimate>,
  evidence: Partial<Evidence>,
): ReturnType<typeof bandsOf> {
  const estimate = {
    allocatedPeak: 1000,
    reservedInForce: 2000,
    processPeak: 2100,
    context: { bytes: 100, below: 0, above: 0 },
    nccl: { bytes: 0, below: 0, above: 0 },
    ...peaks,
  } as MemoryEstimate;
  return bandsOf(estimate, {
    certainty: "traced",
    allocated: [0, 0],
    reserved: [0, 0],
    ...evidence,
  });
}

describe("bandsOf", () => {
  it("goes as far below and above as the evidence says", () => {
    const { allocated, reserved } = bands({}, { allocated: [0.01, 0.02], reserved: [0.05, 0.1] });
    expect(allocated).toEqual([990, 1020]);
    expect(reserved).toEqual([1900, 2200]);
  });

  it("rounds outwards to whole bytes", () => {
    const { allocated } = bands({ allocatedPeak: 101 }, { allocated: [0.013, 0.013] });
    expect(allocated).toEqual([99, 103]);
  });

  it("never lets reserved fall below what is allocated", () => {
    const { reserved } = bands({ allocatedPeak: 1990 }, { reserved: [0.05, 0.1] });
    expect(reserved).toEqual([1990, 2200]);
  });

  it("adds the widths of cache, context and NCCL's buffers as squares, around the process", () => {
    const context = { bytes: 100, below: 30, above: 40 } as MemoryEstimate["context"];
    const { process } = bands({ context, processPeak: 2107 }, { reserved: [0.02, 0.015] });
    // 40 below and 30 above by the cache: √(40² + 30²) and √(30² + 40²).
    expect(process).toEqual([2107 - 50, 2107 + 50]);
    const nccl = { bytes: 240, below: 120, above: 120 } as MemoryEstimate["nccl"];
    const spread = bands({ context, nccl, processPeak: 2107 }, { reserved: [0.02, 0.015] });
    expect(spread.process).toEqual([2107 - 130, 2107 + 130]);
  });

  it("has no width where nothing is uncertain", () => {
    expect(bands({}, {})).toEqual({
      allocated: [1000, 1000],
      reserved: [2000, 2000],
      process: [2100, 2100],
    });
  });
});
