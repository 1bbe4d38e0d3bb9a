/** ERNIE 4.5 dense: one switch for every bias, tied head, head_dim 128. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const ernie45: Blueprint = {
  modelType: "ernie4_5",
  build: (config, context) => {
    const bias = config.boolean("use_bias", false);
    return llamaLike(
      {
        modelType: "ernie4_5",
        prefix: "Ernie4_5",
        taskHeads: [],
        defaults: {
          vocabSize: 103424,
          hiddenSize: 1024,
          intermediateSize: 3072,
          layers: 18,
          heads: 16,
          keyValueHeads: 2,
          headDim: 128,
        },
        attentionBias: bias,
        mlpBias: bias,
        tied: config.boolean("tie_word_embeddings", true),
        rotary: "full_pairs_fp32",
      },
      config,
      context,
    );
  },
};
