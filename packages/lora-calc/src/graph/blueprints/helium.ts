/** Helium: llama's tree with head_dim 128, whose output projection is square whatever the heads give. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const helium: Blueprint = {
  modelType: "helium",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "helium",
        prefix: "Helium",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        defaults: {
          vocabSize: 48000,
          hiddenSize: 2560,
          intermediateSize: 7040,
          layers: 24,
          heads: 20,
          headDim: 128,
        },
        attentionBias: config.boolean("attention_bias", false) ? "query_key_value" : false,
        squareOutput: true,
        mlpBias: config.boolean("mlp_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        norm: "scale_in_fp32",
        rotary: "full_pairs",
      },
      config,
      context,
    ),
};
