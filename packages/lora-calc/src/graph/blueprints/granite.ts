/** Granite 3.x and 4.x dense: llama's tree with multipliers on embedding, residuals and logits. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const granite: Blueprint = {
  modelType: "granite",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "granite",
        prefix: "Granite",
        taskHeads: [],
        defaults: {
          vocabSize: 32000,
          hiddenSize: 4096,
          intermediateSize: 11008,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        mlpBias: config.boolean("mlp_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        scaledEmbedding: true,
        scaledResidual: true,
        scaledLogits: true,
      },
      config,
      context,
    ),
};
