import { describe, expect, it } from "vitest";
import { calibrate } from "./calibrate.js";
import type { Calibration } from "./calibrate.js";
import { asScenario } from "./exchange/as-scenario.js";
import { peaksOf } from "./exchange/peaks.js";
import { estimate } from "./estimate.js";
import { isRefusal } from "./result.js";

const SCENARIO = {
  model: "HuggingFaceTB/SmolLM2-135M",
  adapter: { r: 8, target_modules: "all-linear" },
  training: { max_length: 256, per_device_train_batch_size: 2, dtype: "bfloat16" },
  stack: "trl-1.16",
  hardware: { gpu: "T4" },
};
const MIB = 2 ** 20;
/** 30 layers of 8 · 10,176: both sides of the seven projections. */
const TRAINABLE = 2_442_240;

function predicted() {
  const result = estimate(asScenario(SCENARIO));
  const memory = isRefusal(result) ? undefined : peaksOf(result);
  if (memory === undefined) throw new Error("no memory");
  return memory;
}

function found(more: object): Calibration {
  const calibration = calibrate({ scenario: SCENARIO, trainable: TRAINABLE, ...more });
  if (isRefusal(calibration)) throw new Error(calibration.error.message);
  return calibration;
}

describe("calibrate", () => {
  const { allocated_peak: allocated, reserved_peak: reserved, process_peak: process } = predicted();
  const exact = { allocated, reserved, process };

  it("finds nothing where the run is as predicted", () => {
    const { tiers, findings, trainable } = found({ measured: exact });
    expect(tiers.map(({ error }) => error)).toEqual([0, 0, 0]);
    expect(findings).toEqual([]);
    expect(trainable?.predicted).toBe(TRAINABLE);
  });

  it.each([
    [{ allocated: allocated * 1.2 }, "a tensor is counted that is not there"],
    [{ reserved: Math.round(reserved * 1.5) }, "the allocator's cache"],
    [{ process: process + 400 * MIB }, "the CUDA context"],
  ])("says which tier is off: %j", (other, words) => {
    const measured = Object.fromEntries(
      Object.entries({ ...exact, ...other }).map(([tier, bytes]) => [tier, Math.round(bytes)]),
    );
    const { findings } = found({ measured });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(words);
  });

  it("takes over the context that was measured", () => {
    const { context, calibrated } = found({ measured: exact, context: 321 * MIB });
    expect(context?.measured).toBe(321 * MIB);
    const again = estimate(calibrated);
    const memory = isRefusal(again) ? undefined : peaksOf(again);
    expect(memory?.process_peak).toBe(reserved + 321 * MIB);
  });

  it("estimates under the release of TRL that ran", () => {
    expect(found({ versions: { trl: "1.13.0" } }).scenario.stack).toBe("trl-1.13");
    expect(found({ versions: { trl: "9.9.9" } }).scenario.stack).toBe("trl-1.16");
  });

  it("takes the size of a card that the run does not name", () => {
    const scenarioOf = { ...SCENARIO, hardware: {} };
    const { scenario } = found({ scenario: scenarioOf, capacity: 8 * 2 ** 30, measured: exact });
    expect(scenario.hardware).toMatchObject({ memory_bytes: 8 * 2 ** 30 });
  });

  it("says that another run was measured, and nothing else", () => {
    const { findings } = found({ trainable: 5, measured: { allocated: 1 } });
    expect(findings.join()).toMatch(/^another number of parameters/);
  });

  it.each([
    ["text", "scenario"],
    [{ measured: {} }, "scenario"],
    [{ scenario: SCENARIO, peaks: {} }, "peaks"],
    [{ scenario: SCENARIO, measured: { vram: 3 } }, "measured.vram"],
    [{ scenario: SCENARIO, measured: { allocated: "3" } }, "measured.allocated"],
    [{ scenario: { model: "nobody/nothing" } }, "model"],
    [{ scenario: { ...SCENARIO, hardware: { context_bytes: 3 } } }, "hardware.gpu"],
  ])("refuses %j", (given, path) => {
    const refused = calibrate(given);
    expect(isRefusal(refused) ? refused.error.path : undefined).toBe(path);
  });
});
