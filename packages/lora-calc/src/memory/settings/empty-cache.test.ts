import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { peaksOf } from "../../exchange/peaks.js";
import { isRefusal } from "../../result.js";
import type { Problem } from "../../problem/problem.js";
import type { Scenario } from "../../scenario.js";

const RUN = { model: "gpt2", adapter: { r: 8 } } satisfies Scenario;

function problemOf(scenario: Scenario): Problem | undefined {
  const result = estimate(scenario);
  return isRefusal(result) ? result.error : undefined;
}

describe("torch_empty_cache_steps", () => {
  it("is no number of steps at 0, as transformers says", () => {
    const problem = problemOf({ ...RUN, training: { torch_empty_cache_steps: 0 } });
    expect(problem).toMatchObject({
      code: "invalid_value",
      path: "training.torch_empty_cache_steps",
    });
  });

  it.each<[string, NonNullable<Scenario["stack"]>]>([
    ["a loop by hand", "plain-loop"],
    ["Unsloth's own step", "unsloth-2026.8"],
    ["LitGPT's loop", "litgpt-0.5"],
  ])("has no place in %s", (_, stack) => {
    const problem = problemOf({ ...RUN, stack, training: { torch_empty_cache_steps: 2 } });
    expect(problem).toMatchObject({ path: "training.torch_empty_cache_steps", received: 2 });
  });

  it("moves no tensor", () => {
    const training = { max_length: 512, loss: "hf" } as const;
    const peakOf = (scenario: Scenario): number | undefined => {
      const result = estimate(scenario);
      return isRefusal(result) ? undefined : peaksOf(result)?.allocated_peak;
    };
    const emptied = { ...training, torch_empty_cache_steps: 1 };
    expect(peakOf({ ...RUN, training: emptied })).toBe(peakOf({ ...RUN, training }));
    expect(peakOf({ ...RUN, training })).toBeGreaterThan(0);
  });
});
