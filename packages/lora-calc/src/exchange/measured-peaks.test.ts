import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import { scoreMeasured, summarizeErrors } from "./measured-peaks.js";

const answer = estimate({
  model: "gpt2",
  adapter: { r: 8 },
  training: { max_length: 512 },
  hardware: { gpu: "T4" },
});
if (isRefusal(answer) || answer.memory?.at_least !== undefined) throw new Error("no memory");
const { memory, interval } = answer;

describe("scoreMeasured", () => {
  it("compares each tier that was measured, and no other", () => {
    const { allocated_peak = 0, process_peak = 0 } = memory ?? {};
    const scored = scoreMeasured(answer, { process: process_peak * 2, allocated: allocated_peak });
    expect(scored).toEqual([
      {
        tier: "allocated",
        measured: allocated_peak,
        predicted: allocated_peak,
        error: 0,
        is_inside: true,
      },
      {
        tier: "process",
        measured: process_peak * 2,
        predicted: process_peak,
        error: -0.5,
        is_inside: false,
      },
    ]);
  });

  it("both ends of the band belong to it", () => {
    const [low, high] = interval?.reserved ?? [0, 0];
    const isInside = (reserved: number): boolean | undefined =>
      scoreMeasured(answer, { reserved })[0]?.is_inside;
    expect([low - 1, low, high, high + 1].map(isInside)).toEqual([false, true, true, false]);
  });

  it("says nothing where memory is not computed", () => {
    const counted = estimate({ model: "gpt2", adapter: { r: 8 } });
    if (isRefusal(counted)) throw new Error("refused");
    expect(scoreMeasured(counted, { allocated: 1 })).toEqual([]);
  });
});

describe("summarizeErrors", () => {
  it("takes the mean without signs and the ends with them", () => {
    expect(summarizeErrors([-0.5, 0.1, 0])).toEqual({
      runs: 3,
      mean: 0.6 / 3,
      low: -0.5,
      high: 0.1,
    });
    expect(summarizeErrors([])).toBeUndefined();
  });
});
