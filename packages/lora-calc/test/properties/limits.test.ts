/**
 * Limits of thirty runs, ten models on six cards: the largest value fits, and what lies above it does not, or is named.
 * `npm test` takes six of them and a few of the 64 steps above each; LIMITS=all takes everything.
 */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../src/advice/settings.js";
import type { Setting } from "../../src/advice/settings.js";
import { applyChange } from "../../src/advice/levers.js";
import { estimate } from "../../src/estimate.js";
import { limits } from "../../src/limits.js";
import type { Limits } from "../../src/limits.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

const MODELS = [
  "gpt2",
  "qwen2.5-0.5b",
  "llama-3.2-1b",
  "gemma-2-2b",
  "qwen3-4b",
  "llama-2-7b",
  "mistral-7b-v0.1",
  "llama-3.1-8b",
  "olmoe-1b-7b",
  "phi-3-mini-4k",
];
const CARDS = ["RTX 3060", "T4", "RTX 4090", "L40S", "A100 80GB", "H100"];
const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" } as const;
const TRAININGS: readonly JsonObject[] = [
  {},
  { loss: "nll", gradient_checkpointing: false },
  { attn_implementation: "eager", max_length: 512, per_device_train_batch_size: 4 },
];

/** Three of the six cards for every model, and another training on each. */
const RUNS = MODELS.flatMap((model, index) =>
  TRAININGS.map((training, turn): Scenario => {
    const gpu = CARDS[(index + 2 * turn) % CARDS.length] ?? "";
    return {
      model,
      adapter: { r: 8, target_modules: "all-linear" },
      quantization: NF4,
      training,
      hardware: { gpu },
    };
  }),
);

const TAKES_ALL = process.env["LIMITS"] === "all";
const STEPS = Array.from({ length: 64 }, (_, index) => index + 1);
const LOOKED_AT = TAKES_ALL ? STEPS : [1, 2, 3, 5, 9, 17, 33, 64];
const TAKEN = RUNS.filter((_, index) => TAKES_ALL || index % 5 === 1);

function found(scenario: Scenario): Limits {
  const answer = limits(scenario);
  if (isRefusal(answer)) throw new Error(answer.error.message);
  return answer;
}

function verdict(scenario: Scenario, { change }: Setting, value: number): string | undefined {
  const result = estimate(asScenario(applyChange({ ...scenario }, change(value))), {
    expandable: false,
  });
  return isRefusal(result) ? undefined : result.fit?.verdict;
}

describe("limits", () => {
  it.each(TAKEN)("$model on $hardware.gpu, $training", (scenario) => {
    const answer = found(scenario);
    expect(answer.left_out).toBe(0);
    for (const setting of SETTINGS) {
      const limit = answer[setting.name];
      if (limit === undefined) throw new Error(`no limit of ${setting.name}`);
      const { value, step, also_fits: islands, estimates, ends_by: endsBy } = limit;
      expect(estimates).toBeLessThanOrEqual(12);
      if (value > 0) expect(verdict(scenario, setting, value)).toBe("fits");
      if (endsBy === "search") continue;
      for (const above of LOOKED_AT) {
        const next = value + above * step;
        const fits = verdict(scenario, setting, next) === "fits";
        expect([setting.name, next, fits]).toEqual([setting.name, next, islands.includes(next)]);
      }
    }
  });

  it("end where a model has no positions left", () => {
    const { max_length: length } = found({
      model: "gpt2",
      adapter: { r: 8 },
      hardware: { gpu: "H100" },
    });
    expect(length).toMatchObject({
      now: 1024,
      value: 1024,
      step: 64,
      ends_by: "model",
      also_fits: [],
    });
  });

  it("are of another card when one is named", () => {
    const scenario = { model: "gpt2", adapter: { r: 8 }, hardware: { gpu: "H100" } };
    const other = limits(scenario, "T4");
    if (isRefusal(other)) throw new Error(other.error.message);
    expect(other.card).toBe("T4");
    expect(other.per_device_train_batch_size?.value).toBeLessThan(
      found(scenario).per_device_train_batch_size?.value ?? 0,
    );
  });

  it.each<[string, Scenario, string, string]>([
    ["no card", { model: "gpt2" }, "hardware.gpu", "need a card"],
    ["no memory", { model: "whisper-tiny", hardware: { gpu: "T4" } }, "", "memory is not computed"],
    ["a model nobody knows", { model: "no/such" }, "model", "no/such"],
  ])("are refused with %s", (_, scenario, path, words) => {
    const answer = limits(scenario);
    if (!isRefusal(answer)) throw new Error("was not refused");
    expect(answer.error.path).toBe(path);
    expect(answer.error.message).toContain(words);
  });
});
