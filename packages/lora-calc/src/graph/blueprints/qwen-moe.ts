/** Qwen1.5-MoE and Qwen2-57B (with a shared expert), Qwen3-30B-A3B and its kin (without): some layers may be dense. */

import type { Blueprint } from "../tree/blueprint.js";
import { ROUTED, topKRouter } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import { sharedExpert, sparseLayers, WITH_SHARED } from "../blocks/qwen-experts.js";

export const qwen3Moe: Blueprint = {
  modelType: "qwen3_moe",
  build: (config, context) => {
    const router = topKRouter(config, context, { chosen: 8 });
    const slides = config.boolean("use_sliding_window", false) && !config.isNull("sliding_window");
    const window = slides ? config.size("sliding_window", 4096) : undefined;
    return llamaLike(
      {
        modelType: "qwen3_moe",
        prefix: "Qwen3Moe",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 2048,
          intermediateSize: 6144,
          layers: 24,
          heads: 32,
          keyValueHeads: 4,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "head",
        tied: config.boolean("tie_word_embeddings", false),
        ...sparseLayers(
          config,
          context,
          {
            prefix: "Qwen3Moe",
            experts: 128,
            width: 768,
            forward: router === undefined ? undefined : { block: ROUTED, router },
          },
          (parts) => [parts.experts, parts.gate],
        ),
        ...(window === undefined ? {} : { slidingWindow: () => window }),
        isCountedOnly: router === undefined,
      },
      config,
      context,
    );
  },
};

export const qwen2Moe: Blueprint = {
  modelType: "qwen2_moe",
  build: (config, context) => {
    const router = topKRouter(config, context, { chosen: 4 });
    // Then every second of the first layers slides, a rule of this class alone; no published model does.
    const slides =
      config.boolean("use_sliding_window", false) ||
      config.stringList("layer_types")?.includes("sliding_attention") === true;
    return llamaLike(
      {
        modelType: "qwen2_moe",
        prefix: "Qwen2Moe",
        questionAnsweringBackbone: "model",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 2048,
          intermediateSize: 5632,
          layers: 24,
          heads: 16,
          keyValueHeads: 16,
        },
        attentionBias: config.boolean("qkv_bias", true) ? "query_key_value" : false,
        tied: config.boolean("tie_word_embeddings", false),
        ...sparseLayers(
          config,
          context,
          {
            prefix: "Qwen2Moe",
            experts: 60,
            width: 1408,
            forward: router === undefined ? undefined : { block: WITH_SHARED, router },
          },
          (parts, hiddenSize) => [
            parts.gate,
            parts.experts,
            ...sharedExpert("Qwen2Moe", config, hiddenSize, 5632),
          ],
        ),
        // Without sliding layers the class sets the window to 0 and makes a mask for it all the same.
        unusedWindow: 0,
        isCountedOnly: router === undefined || slides,
      },
      config,
      context,
    );
  },
};
