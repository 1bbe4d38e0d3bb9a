/** OLMoE: every layer has experts; queries and keys are normed as a whole. */

import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { areFused, routedMlp, topKRouter } from "../blocks/experts.js";
import { singleRoutedMlp } from "../blocks/single-experts.js";
import { llamaLike } from "../blocks/llama-like.js";

export const olmoe: Blueprint = {
  modelType: "olmoe",
  build: (config, context) => {
    const experts = config.size(["num_experts", "num_local_experts"], 64);
    const router = topKRouter(config, context, { chosen: 8 });
    const isClipped = config.has("clip_qkv") && !config.isNull("clip_qkv");
    return llamaLike(
      {
        modelType: "olmoe",
        prefix: "Olmoe",
        taskHeads: [],
        defaults: {
          vocabSize: 50304,
          hiddenSize: 2048,
          intermediateSize: 2048,
          layers: 16,
          heads: 16,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "projection",
        tied: config.boolean("tie_word_embeddings", false),
        makeMlp: (hiddenSize, intermediateSize) =>
          (areFused(context) ? routedMlp : singleRoutedMlp)(
            "Olmoe",
            { experts, hiddenSize, intermediateSize },
            activation(config, "hidden_act", "silu"),
            router,
          ),
        isCountedOnly: router === undefined || isClipped,
      },
      config,
      context,
    );
  },
};
