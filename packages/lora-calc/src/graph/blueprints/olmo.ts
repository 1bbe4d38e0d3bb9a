/** OLMo 1: llama's tree with norms that have no weight. Counted; its norms and clipped projections have no program. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { leaf } from "../tree/vocabulary.js";

export const olmo: Blueprint = {
  modelType: "olmo",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "olmo",
        prefix: "Olmo",
        taskHeads: ["ForSequenceClassification"],
        defaults: {
          vocabSize: 50304,
          hiddenSize: 4096,
          intermediateSize: 11008,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name) => leaf(name, "OlmoLayerNorm"),
        isCountedOnly: true,
      },
      config,
      context,
    ),
};
