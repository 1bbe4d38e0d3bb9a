/** Qwen3 dense: RMSNorm on every query and key head, head_dim 128 whatever the width. */

import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import { qwenLayerTypes, windowOf } from "../blocks/sliding-window.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";

/** Also the language part of models that see. */
export function qwen3Family(config: Config): LlamaLike {
  const types = qwenLayerTypes(config, config.layerCount("num_hidden_layers", 32));
  return {
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
  };
}

export const qwen3: Blueprint = {
  modelType: "qwen3",
  build: (config, context) => llamaLike(qwen3Family(config), config, context),
};
