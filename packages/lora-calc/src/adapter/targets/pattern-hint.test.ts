import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

/** BLOOM 1b4 with a Chinese vocabulary, as reported in https://github.com/huggingface/peft/issues/1206. */
const BLOOM = {
  model_type: "bloom",
  vocab_size: 46145,
  hidden_size: 2048,
  n_layer: 24,
  n_head: 16,
};

it("says what an entry of a list would hit as a pattern", () => {
  const adapter = { r: 8, target_modules: [String.raw`.*\.1.*query_key_value`] };
  const result = estimate({ model: { config: BLOOM }, adapter });
  if (!isRefusal(result)) throw new Error("PEFT raises here");
  expect(result.error.code).toBe("unknown_target_module");
  expect(result.error.message).toContain("compared literally");
  expect(result.error.message).toContain("hits 11 modules in layers 1, 10 to 19");
});

it("says which layers, what follows on together", () => {
  const adapter = { r: 8, target_modules: [String.raw`.*\.(0|2|3|4|9)\..*query_key_value`] };
  const result = estimate({ model: { config: BLOOM }, adapter });
  if (!isRefusal(result)) throw new Error("PEFT raises here");
  expect(result.error.message).toContain("hits 5 modules in layers 0, 2 to 4, 9");
});

it("keeps to the nearest name where nothing looks like a pattern", () => {
  const result = estimate({
    model: { config: BLOOM },
    adapter: { r: 8, target_modules: ["query"] },
  });
  if (!isRefusal(result)) throw new Error("PEFT raises here");
  expect(result.error.message).not.toContain("literally");
});
