/** OLMo 1: llama's tree with norms that have no weight; of clipped projections counted only. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { container } from "../tree/vocabulary.js";

export const olmo: Blueprint = {
  modelType: "olmo",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "olmo",
        prefix: "Olmo",
        taskHeads: ["ForSequenceClassification"],
        defaults: {
          vocabSize: 50304,
          hiddenSize: 4096,
          intermediateSize: 11008,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name) =>
          container(name, "OlmoLayerNorm", {
            forward: { kind: "layer_norm", variant: "bare_fp32" },
          }),
        rotary: "full_fp32",
        cuts: "after_all",
        // Clipping happens in place, which has no program.
        ...(config.isNull("clip_qkv") || !config.has("clip_qkv") ? {} : { isCountedOnly: true }),
      },
      config,
      context,
    ),
};
