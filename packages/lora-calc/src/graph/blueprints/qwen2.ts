/** Qwen1.5, Qwen2, Qwen2.5, QwQ: bias on q, k, v without a config key. */

import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import { qwenLayerTypes, windowOf } from "../blocks/sliding-window.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";

/** Also the language part of models that see. */
export function qwen2Family(config: Config): LlamaLike {
  const types = qwenLayerTypes(config, config.layerCount("num_hidden_layers", 32));
  return {
    modelType: "qwen2",
    prefix: "Qwen2",
    defaults: {
      vocabSize: 151936,
      hiddenSize: 4096,
      intermediateSize: 22016,
      layers: 32,
      heads: 32,
      keyValueHeads: 32,
    },
    attentionBias: "query_key_value",
    tied: config.boolean("tie_word_embeddings", false),
    layerTypes: types,
    slidingWindow: windowOf(config, types, 4096),
  };
}

export const qwen2: Blueprint = {
  modelType: "qwen2",
  build: (config, context) => llamaLike(qwen2Family(config), config, context),
};
