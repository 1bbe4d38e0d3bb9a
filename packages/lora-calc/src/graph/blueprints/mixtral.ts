/** Mixtral: every layer has experts. */

import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { areFused, routedMlp, topKRouter } from "../blocks/experts.js";
import { blockSparseMoe } from "../blocks/single-experts.js";
import { llamaLike } from "../blocks/llama-like.js";

export const mixtral: Blueprint = {
  modelType: "mixtral",
  build: (config, context) => {
    const experts = config.size(["num_local_experts", "num_experts"], 8);
    const router = topKRouter(config, context, { chosen: 2, normalizes: true });
    const isNoisy = config.number("router_jitter_noise", 0) > 0;
    const window = config.optionalSize("sliding_window");
    return llamaLike(
      {
        modelType: "mixtral",
        prefix: "Mixtral",
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
        makeMlp: (hiddenSize, intermediateSize) =>
          (areFused(context) ? routedMlp : blockSparseMoe)(
            "Mixtral",
            { experts, hiddenSize, intermediateSize },
            activation(config, "hidden_act", "silu"),
            router === undefined ? undefined : { ...router, keepsFp32: true },
          ),
        ...(window === undefined ? {} : { slidingWindow: () => window }),
        isCountedOnly: router === undefined || isNoisy,
      },
      config,
      context,
    );
  },
};
