import { asScenario } from "./exchange/as-scenario.js";
import { expect, test } from "vitest";
import { estimate } from "./estimate.js";
import { mendsOf } from "./mend.js";
import { isRefusal } from "./result.js";

const LORA = { r: 8, target_modules: "all-linear" };

test.each([
  ["a rank of nothing", { ...LORA, r: 0 }, 1],
  ["half a rank", { ...LORA, r: 8.5 }, 9],
  ["a rank as text", { ...LORA, r: "16 " }, 16],
  ["a method with a typing error", { ...LORA, peft_type: "LORRA" }, "LORA"],
  ["targets that no module answers to", { ...LORA, target_modules: ["q_prj"] }, "all-linear"],
])("%s gets the nearest value", (_, adapter, value) => {
  const scenario = { model: "meta-llama/Llama-3.1-8B", adapter };
  const [first] = mendsOf(asScenario(scenario));
  expect(first?.value).toBe(value);
  expect(isRefusal(estimate(asScenario(first?.scenario)))).toBe(false);
});

test("a field with a typing error gets its name, and keeps its value", () => {
  const [first, second] = mendsOf(
    asScenario({
      model: "gpt2",
      adapter: { r: 8 },
      training: { max_lenght: 64 },
    }),
  );
  expect(first).toMatchObject({ path: "training.max_lenght", name: "max_length" });
  expect(first?.scenario["training"]).toEqual({ max_length: 64 });
  expect(second?.scenario["training"]).toEqual({});
});

test("a run that its stack has no program for is offered under the usual one", () => {
  const run = { model: "google/gemma-3-1b-it", adapter: LORA, stack: "unsloth-2026.8" };
  const [first, ...others] = mendsOf(asScenario(run));
  expect(first).toMatchObject({ path: "stack", value: "trl-1.16" });
  expect(others).toEqual([]);
  expect(mendsOf(asScenario({ ...run, model: "Qwen/Qwen3-0.6B" }))).toEqual([]);
});

test("what stands empty is left to the default, which is said by the absence of a value", () => {
  const [first] = mendsOf(asScenario({ model: "gpt2", adapter: { r: "" } }));
  expect(first).toEqual({ path: "adapter.r", scenario: { model: "gpt2", adapter: {} } });
});

test("names of models and cards become the nearest known ones", () => {
  expect(mendsOf({ model: "meta-llama/Lama-3.1-8B" })[0]?.value).toBe("meta-llama/Llama-3.1-8B");
  expect(
    mendsOf({ model: "gpt2", adapter: null, hardware: { gpu: "RTX 4091" } })[0]?.value,
  ).toMatch(/^RTX/);
});

test("where only the user can know there is nothing to offer", () => {
  expect(mendsOf({ model: "somebody/unheard-of" })).toEqual([]);
  expect(mendsOf({ model: { config: { hidden_size: 64 } } })).toEqual([]);
});

test("two mistakes are mended one after the other", () => {
  const scenario = { model: "gpt2", adapter: { r: 0, bias: "alll" } };
  const [first] = mendsOf(scenario);
  const [second] = mendsOf(asScenario(first?.scenario ?? {}));
  expect(isRefusal(estimate(asScenario(second?.scenario)))).toBe(false);
});
