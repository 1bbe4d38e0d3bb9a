/** Qwen3 dense: RMSNorm on every query and key head, head_dim 128 whatever the width. */

import type { Blueprint } from "../blueprint.js";
import { qwenLayerTypes, windowOf } from "../blocks/sliding-window.js";
import { llamaLike } from "../blocks/llama-like.js";

export const qwen3: Blueprint = {
  modelType: "qwen3",
  build: (config, context) => {
    const types = qwenLayerTypes(config, config.layerCount("num_hidden_layers", 32));
    return llamaLike(
      {
        modelType: "qwen3",
        prefix: "Qwen3",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 4096,
          intermediateSize: 22016,
          layers: 32,
          heads: 32,
          keyValueHeads: 32,
          headDim: 128,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "head",
        tied: config.boolean("tie_word_embeddings", false),
        layerTypes: types,
        slidingWindow: windowOf(config, types, 4096),
      },
      config,
      context,
    );
  },
};
