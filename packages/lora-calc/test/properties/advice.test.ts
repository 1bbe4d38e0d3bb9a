/** Advice never contradicts the estimate: a lever frees what it says, none is offered twice, the ladder ends where it says. */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { advise } from "../../src/advise.js";
import type { Advice } from "../../src/advise.js";
import { applyChange } from "../../src/advice/levers.js";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import type { Estimate } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

const LORA = { r: 16, target_modules: "all-linear" };
const NF4 = { load_in_4bit: true, bnb_4bit_quant_type: "nf4" } as const;

const SCENARIOS: readonly Scenario[] = [
  {
    model: "gpt2",
    adapter: { r: 8 },
    training: { gradient_checkpointing: false },
    hardware: { gpu: "T4" },
  },
  { model: "Qwen/Qwen3-4B", adapter: LORA, stack: "trl-1.13", hardware: { gpu: "RTX 4090" } },
  {
    model: "Qwen/Qwen3-4B",
    adapter: LORA,
    quantization: NF4,
    training: { max_length: 4096, loss: "hf" },
    hardware: { gpu: "T4" },
  },
  {
    model: "meta-llama/Llama-3.1-8B",
    adapter: { ...LORA, use_dora: true, lora_dropout: 0.1 },
    training: { per_device_train_batch_size: 4, max_length: 2048 },
    hardware: { gpu: "RTX 4090" },
  },
  {
    model: "meta-llama/Llama-3.1-8B",
    training: { optim: "adamw_torch" },
    hardware: { gpu: "A100 80GB" },
  },
];

function answer(scenario: unknown): Estimate {
  const result = estimate(asScenario(scenario));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function apply(scenario: object, change: Readonly<Record<string, unknown>>): Scenario {
  return applyChange({ ...scenario }, change) as unknown as Scenario;
}

function advised(scenario: Scenario): readonly [Estimate, Advice] {
  const before = answer(scenario);
  return [before, advise(scenario, before)];
}

const peak = (result: Estimate): number => result.memory?.process_peak ?? Number.NaN;

describe.each(SCENARIOS.map((scenario, index) => ({ index, scenario })))(
  "scenario $index",
  ({ scenario }) => {
    it("frees what each lever says", () => {
      const [before, advice] = advised(scenario);
      expect(advice.levers.length).toBeGreaterThan(0);
      for (const { change, saves } of advice.levers) {
        expect(peak(before) - peak(answer(apply(scenario, change)))).toBe(saves);
      }
    });

    it("offers no lever twice, and none again once pulled unless it halves something", () => {
      const [, advice] = advised(scenario);
      const ids = advice.levers.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id, change } of advice.levers) {
        const changed = apply(scenario, change);
        const again = advise(changed, answer(changed)).levers.map((lever) => lever.id);
        if (!["micro_batch", "half_length", "half_rank"].includes(id))
          expect(again).not.toContain(id);
      }
    });

    it("climbs to the verdict it names", () => {
      const [before, { ladder }] = advised(scenario);
      if (ladder === undefined) {
        expect(before.fit?.verdict).toBe("fits");
        return;
      }
      const changed = ladder.steps.reduce(
        (current, { change }) => apply(current, change),
        scenario,
      );
      expect(answer(changed).fit?.verdict).toBe(ladder.verdict);
    });
  },
);
