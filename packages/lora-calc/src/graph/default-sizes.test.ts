import { expect, test } from "vitest";
import { listModels } from "../catalogue/models.js";
import { estimate } from "../estimate.js";
import type { JsonObject } from "../problem/fields.js";
import { isRefusal } from "../result.js";
import { modelTypes } from "./blueprints/index.js";
import { defaultSizeWarnings } from "./default-sizes.js";

function warningsOf(model: JsonObject | string) {
  const answer = estimate({ model, adapter: { r: 8, target_modules: "all-linear" } });
  if (isRefusal(answer)) throw new Error(answer.error.message);
  return answer.warnings.filter(({ code }) => code === "default_sizes");
}

// LlamaConfig's defaults: https://huggingface.co/docs/transformers/model_doc/llama#transformers.LlamaConfig
test("a config.json without sizes says aloud whose sizes are counted", () => {
  const [warning] = warningsOf({ config: { model_type: "llama", bos_token_id: 1 } });
  expect(warning?.message).toContain("hidden_size 4,096");
  expect(warning?.message).toContain("num_hidden_layers 32");
  expect(warning?.message).toContain("vocab_size 32,000");
});

test.each(modelTypes())("%s alone is warned of, whatever its sizes are called", (type) => {
  const answer = estimate({ model: { config: { model_type: type, layer_norm_eps: 1e-6 } } });
  if (isRefusal(answer)) return;
  expect(answer.warnings.map(({ code }) => code)).toContain("default_sizes");
});

test("no published checkpoint of the catalogue is taken for a config without sizes", () => {
  for (const { config } of listModels()) {
    expect(defaultSizeWarnings({ kind: "config", config, modelType: "any" }, [])).toEqual([]);
  }
});

test("one size is enough to be a model of one's own, and a catalogue's row needs none", () => {
  expect(warningsOf({ config: { model_type: "llama", num_hidden_layers: 2 } })).toEqual([]);
  expect(warningsOf("gpt2")).toEqual([]);
});
