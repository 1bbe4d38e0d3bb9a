/** Ministral 3: mistral with a wider vocabulary and head_dim 128 whatever the width. */

import type { Config } from "../../model/config.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";

/** Also the language part of models that see. */
export function ministral3Family(config: Config): LlamaLike {
  const window = config.optionalSize("sliding_window");
  return {
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
    scalesByPosition: true,
    ...(window === undefined ? {} : { slidingWindow: () => window }),
  };
}

export const ministral3: Blueprint = {
  modelType: "ministral3",
  build: (config, context) => llamaLike(ministral3Family(config), config, context),
};
