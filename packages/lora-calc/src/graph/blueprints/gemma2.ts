/** Gemma 2: four norms per layer, tanh caps on scores and logits, every other layer slides. */

import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import { scaledInWorld } from "./gemma.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";

/** Also the language part of models that see. */
export function gemma2Family(config: Config): LlamaLike {
  const layers = config.layerCount("num_hidden_layers", 26);
  const types = layerTypes(config, layers, (index) =>
    (index + 1) % 2 === 0 ? "full_attention" : "sliding_attention",
  );
  return {
    modelType: "gemma2",
    prefix: "Gemma2",
    taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
    defaults: {
      vocabSize: 256000,
      hiddenSize: 2304,
      intermediateSize: 9216,
      layers: 26,
      heads: 8,
      keyValueHeads: 4,
      headDim: 256,
    },
    attentionBias: config.boolean("attention_bias", false),
    tied: config.boolean("tie_word_embeddings", true),
    norm: "unit_offset",
    normPosition: "both",
    embeddingType: "Gemma2TextScaledWordEmbedding",
    activation: { field: "hidden_activation", fallback: "gelu_pytorch_tanh" },
    softcappedAttention: !config.isNull("attn_logit_softcapping"),
    softcappedLogits: !config.isNull("final_logit_softcapping"),
    layerTypes: types,
    slidingWindow: windowOf(config, types, 4096),
  };
}

export const gemma2: Blueprint = {
  modelType: "gemma2",
  build: (config, context) =>
    llamaLike(scaledInWorld(gemma2Family(config), context), config, context),
};
