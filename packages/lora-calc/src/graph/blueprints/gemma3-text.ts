/** Gemma 3 text models (270M, 1B): gemma2's block with q/k norms; five sliding layers to one full. */

import type { Blueprint } from "../tree/blueprint.js";
import type { Config } from "../../model/config.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";

/** Also the language part of the models that see. */
export function gemma3Family(config: Config): LlamaLike {
  const layers = config.layerCount("num_hidden_layers", 26);
  const pattern = config.size("sliding_window_pattern", 6);
  const types = layerTypes(config, layers, (index) =>
    (index + 1) % pattern === 0 ? "full_attention" : "sliding_attention",
  );
  return {
    modelType: "gemma3_text",
    prefix: "Gemma3",
    taskHeads: ["ForSequenceClassification"],
    backboneType: "Gemma3TextModel",
    taskPrefix: "Gemma3Text",
    defaults: {
      vocabSize: 262208,
      hiddenSize: 2304,
      intermediateSize: 9216,
      layers: 26,
      heads: 8,
      keyValueHeads: 4,
      headDim: 256,
    },
    attentionBias: config.boolean("attention_bias", false),
    tied: config.boolean("tie_word_embeddings", true),
    queryKeyNorm: "head_transposed",
    norm: "unit_offset",
    normPosition: "both",
    embeddingType: "Gemma3TextScaledWordEmbedding",
    activation: { field: "hidden_activation", fallback: "gelu_pytorch_tanh" },
    softcappedLogits: config.has("final_logit_softcapping"),
    layerTypes: types,
    rotaryPerLayerType: true,
    slidingWindow: windowOf(config, types, 4096),
    seesBothWays: config.boolean("use_bidirectional_attention", false),
  };
}

export const gemma3Text: Blueprint = {
  modelType: "gemma3_text",
  build: (config, context) => {
    const family = gemma3Family(config);
    // Masks that are opened again were not compared where all masks are mapped.
    const isJudged = family.seesBothWays !== true || !context.world.rules.vmapsMasks;
    return llamaLike({ ...family, ...(isJudged ? {} : { isCountedOnly: true }) }, config, context);
  },
};
