import { expect, it } from "vitest";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { Estimate } from "../result.js";
import type { Scenario } from "../scenario.js";
import { withAssumed } from "./with-assumed.js";

function answered(scenario: Scenario): Estimate {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

it("writes out what the stack said, under what was given", () => {
  const scenario = {
    model: "gpt2",
    adapter: { r: 8 },
    training: { max_length: 64 },
    stack: "trl-1.13",
  } as const;
  const whole = withAssumed(scenario, answered(scenario));
  // Default of TrainingArguments, which SFTConfig keeps: transformers training_args.py, per_device_train_batch_size.
  expect(whole.training).toMatchObject({ max_length: 64, per_device_train_batch_size: 8 });
  expect({ ...whole, training: scenario.training }).toEqual(scenario);
  expect(answered(whole).memory).toEqual(answered(scenario).memory);
});

it("leaves a scenario alone of whose training nothing was assumed", () => {
  const scenario = { model: "gpt2", adapter: { r: 8 } };
  expect(withAssumed(scenario, answered(scenario))).toBe(scenario);
});
