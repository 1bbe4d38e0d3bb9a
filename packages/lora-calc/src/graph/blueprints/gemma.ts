/** Gemma 1: llama's tree with head_dim 256, norms as offsets from one, always tied unless said otherwise. */

import type { Config } from "../../model/config.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";

/** Also the language part of models that see. */
export function gemmaFamily(config: Config): LlamaLike {
  return {
    modelType: "gemma",
    prefix: "Gemma",
    taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
    defaults: {
      vocabSize: 256000,
      hiddenSize: 3072,
      intermediateSize: 24576,
      layers: 28,
      heads: 16,
      keyValueHeads: 16,
      headDim: 256,
    },
    attentionBias: config.boolean("attention_bias", false),
    tied: config.boolean("tie_word_embeddings", true),
    norm: "unit_offset",
    embeddingType: "GemmaTextScaledWordEmbedding",
    activation: { field: "hidden_act", fallback: "gelu_pytorch_tanh" },
  };
}

/** Where the release scales the embeddings: in their module, or in the decoder once masks and tables are made. */
export function scaledInWorld(family: LlamaLike, { world }: BuildContext): LlamaLike {
  return world.rules.scalesInEmbedding ? family : { ...family, scalesLate: true };
}

export const gemma: Blueprint = {
  modelType: "gemma",
  build: (config, context) =>
    llamaLike(scaledInWorld(gemmaFamily(config), context), config, context),
};
