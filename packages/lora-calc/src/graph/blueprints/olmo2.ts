/** OLMo 2: norms after the sublayers, q/k norms on the whole projection. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const olmo2: Blueprint = {
  modelType: "olmo2",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "olmo2",
        prefix: "Olmo2",
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
        norm: "scale_before_cast",
        normPosition: "after",
        queryKeyNorm: "projection",
        rotary: "full_fp32",
      },
      config,
      context,
    ),
};
