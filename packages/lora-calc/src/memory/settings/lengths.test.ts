import { describe, expect, it } from "vitest";
import { asScenario } from "../../exchange/as-scenario.js";
import { estimate } from "../../estimate.js";
import { limits } from "../../limits.js";
import { withShape } from "../../fit-map.js";
import { isRefusal } from "../../result.js";

const RUN = {
  model: "HuggingFaceTB/SmolLM2-135M",
  adapter: { r: 8, target_modules: "all-linear" },
  stack: "trl-1.16",
  hardware: { gpu: "RTX 4090" },
};

function refusal(training: object) {
  const result = estimate(asScenario({ ...RUN, training }));
  return isRefusal(result) ? result.error : undefined;
}

function run(training: object) {
  const result = estimate(asScenario({ ...RUN, training }));
  if (isRefusal(result)) throw new Error(result.error.message);
  const { memory, assumed, warnings, interval } = result;
  if (memory?.peak === undefined || interval === undefined || !("reserved_peak" in memory))
    throw new Error("no memory");
  return {
    peak: memory.allocated_peak,
    phase: memory.peak.phase,
    reserved: memory.reserved_peak,
    band: interval.reserved,
    length: assumed.find(({ path }) => path === "training.max_length"),
    warnings: warnings.map(({ code }) => code),
  };
}

describe("lengths", () => {
  it("of one length are that length", () => {
    const equal = run({ max_length: 640 });
    expect(run({ lengths: [640] })).toMatchObject({ peak: equal.peak, reserved: equal.reserved });
    expect(run({ lengths: { 640: 9 } })).toMatchObject({ peak: equal.peak });
  });

  it("peak at the longest, once the optimizer has its state", () => {
    const { peak, phase, length, warnings } = run({ lengths: [900, 100, 300] });
    const alone = run({ max_length: 900 });
    expect(Math.abs(peak / alone.peak - 1)).toBeLessThan(0.01);
    expect(phase).toMatch(/^step3\.micro0/);
    expect(length).toMatchObject({ value: 900 });
    expect(warnings).not.toContain("order_unknown");
  });

  it("as a histogram have a wider band, and say why", () => {
    const listed = run({ lengths: [100, 300, 900] });
    const counted = run({ lengths: { 900: 1, 100: 50, 300: 7, 5000: 0 } });
    expect(counted).toMatchObject({ peak: listed.peak, reserved: listed.reserved });
    expect(counted.warnings).toContain("order_unknown");
    expect(counted.band[1]).toBeGreaterThan(listed.band[1]);
    expect(counted.band[0]).toBeLessThanOrEqual(listed.band[0]);
  });

  it("are cut to max_length where it is given, and padded to a multiple", () => {
    const cut = run({ lengths: [100, 900], max_length: 500 });
    expect(cut).toMatchObject({ peak: run({ lengths: [100, 500] }).peak, length: undefined });
    const padded = run({ lengths: [100, 500], pad_to_multiple_of: 128 });
    expect(padded).toMatchObject({ peak: run({ lengths: [128, 512], padding: true }).peak });
    expect(run({ lengths: [100, 2000] }).length?.reason).toContain("it is 1024");
  });

  it("are no longer said where every batch is of one", () => {
    const scenario = asScenario({ ...RUN, training: { lengths: [100, 900] } });
    const found = limits(scenario);
    expect(found).not.toHaveProperty("max_length");
    expect(found).toHaveProperty("per_device_train_batch_size");
    expect(withShape(scenario, 1, 512).training).toMatchObject({ lengths: null });
  });

  it.each([
    [{ lengths: [] }, "training.lengths", "names no batch"],
    [{ lengths: [0, 5] }, "training.lengths", "between 1 and"],
    [{ lengths: { many: 5 } }, "training.lengths.many", "both whole numbers"],
    [{ lengths: { 512: -1 } }, "training.lengths.512", "both whole numbers"],
    [{ lengths: "512" }, "training.lengths", "a list of whole numbers or an object"],
    [{ lengths: [64, 1.5] }, "training.lengths", "a list of whole numbers or an object"],
    [
      { lengths: Array.from({ length: 40 }, (_, at) => 64 + at) },
      "training.lengths",
      "more than 32",
    ],
    [{ lengths: [64, 128], method: "dpo" }, "training.lengths", "pairs"],
    [
      { lengths: [64, 128], packing: true, attn_implementation: "flash_attention_2" },
      "training.lengths",
      "all as long",
    ],
  ])("refuse %j", (training, path, words) => {
    const error = refusal(training);
    expect(error?.path).toBe(path);
    expect(error?.message).toContain(words);
  });

  it("thin a long histogram, but for its ends", () => {
    const lengths = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [500 + at, 1]));
    const all = run({ lengths });
    expect(all.peak / run({ max_length: 799 }).peak).toBeCloseTo(1, 2);
    expect(all.length).toMatchObject({ value: 799 });
  });
});
