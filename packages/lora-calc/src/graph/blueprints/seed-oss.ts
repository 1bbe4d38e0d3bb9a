/** Seed-OSS: biases on queries, keys and values only, head_dim 128 whatever the width. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const seedOss: Blueprint = {
  modelType: "seed_oss",
  build: (config, context) => {
    const hasBias = config.boolean("attention_bias", true);
    const outputBias = config.boolean("attention_out_bias", false);
    return llamaLike(
      {
        modelType: "seed_oss",
        prefix: "SeedOss",
        defaults: {
          vocabSize: 155136,
          hiddenSize: 4096,
          intermediateSize: 27648,
          layers: 64,
          heads: 80,
          keyValueHeads: 8,
          headDim: 128,
        },
        attentionBias: hasBias,
        outputBias,
        mlpBias: config.boolean("mlp_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        attentionDropout: 0.1,
        sublayerDropout: config.number("residual_dropout", 0.1),
      },
      config,
      context,
    );
  },
};
