/** Llama 1 to 3.x and everything saved with its class (CodeLlama, TinyLlama, SmolLM2, Yi, Falcon3, R1 distillations). */

import type { Blueprint } from "../blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const llama: Blueprint = {
  modelType: "llama",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "llama",
        prefix: "Llama",
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
      },
      config,
      context,
    ),
};
