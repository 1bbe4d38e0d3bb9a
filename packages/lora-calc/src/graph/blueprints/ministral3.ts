/** Ministral 3: the text model of the family, mistral's tree with head_dim 128. */

import type { Blueprint } from "../blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const ministral3: Blueprint = {
  modelType: "ministral3",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "ministral3",
        prefix: "Ministral3",
        questionAnsweringBackbone: "model",
        defaults: {
          vocabSize: 131072,
          hiddenSize: 4096,
          intermediateSize: 14336,
          layers: 34,
          heads: 32,
          keyValueHeads: 8,
          headDim: 128,
        },
        tied: config.boolean("tie_word_embeddings", false),
        isCountedOnly: true,
      },
      config,
      context,
    ),
};
