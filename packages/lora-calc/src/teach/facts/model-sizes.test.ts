import { expect, test } from "vitest";
import { modelSizes } from "./model-sizes.js";

// https://huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json
test("a decoder has all of its sizes", () => {
  expect(modelSizes({ model: "meta-llama/Llama-3.1-8B" })).toEqual({
    layers: 32,
    hiddenSize: 4096,
    heads: 32,
    keyValueHeads: 8,
    vocabulary: 128256,
  });
});

test("what is not known is absent, and a model that cannot be read has none", () => {
  expect(modelSizes({ model: { hidden_size: 64, num_hidden_layers: 2 } })).toMatchObject({
    layers: 2,
    hiddenSize: 64,
  });
  expect(modelSizes({ model: "nobody/nothing" })).toBeUndefined();
});
