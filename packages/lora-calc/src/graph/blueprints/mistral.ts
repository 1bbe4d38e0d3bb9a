/** Mistral 7B, Nemo and Small (head_dim is explicit from Nemo on). */

import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";

/** Also the language part of models that see. */
export function mistralFamily(config: Config): LlamaLike {
  // The class default is a window of 4096; null means full attention in every layer.
  const window = config.isNull("sliding_window") ? undefined : config.size("sliding_window", 4096);
  return {
    modelType: "mistral",
    prefix: "Mistral",
    questionAnsweringBackbone: "model",
    defaults: {
      vocabSize: 32000,
      hiddenSize: 4096,
      intermediateSize: 14336,
      layers: 32,
      heads: 32,
      keyValueHeads: 8,
    },
    tied: config.boolean("tie_word_embeddings", false),
    ...(window === undefined ? {} : { slidingWindow: () => window }),
  };
}

export const mistral: Blueprint = {
  modelType: "mistral",
  build: (config, context) => llamaLike(mistralFamily(config), config, context),
};
