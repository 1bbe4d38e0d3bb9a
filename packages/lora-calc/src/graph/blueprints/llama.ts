/** Llama 1 to 3.x and everything saved with its class (CodeLlama, TinyLlama, SmolLM2, Yi, Falcon3, R1 distillations). */

import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";

/** Also the language part of models that see. */
export function llamaFamily(config: Config): LlamaLike {
  return {
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
  };
}

export const llama: Blueprint = {
  modelType: "llama",
  build: (config, context) => llamaLike(llamaFamily(config), config, context),
};
