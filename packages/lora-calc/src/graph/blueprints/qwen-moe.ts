/** Qwen1.5-MoE and Qwen2-57B (with a shared expert), Qwen3-30B-A3B and its kin (without): some layers may be dense. */

import type { Blueprint } from "../blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { sharedExpert, sparseLayers } from "../blocks/qwen-experts.js";

export const qwen3Moe: Blueprint = {
  modelType: "qwen3_moe",
  build: (config, context) =>
    llamaLike(
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
        ...sparseLayers(config, context, "Qwen3Moe", { experts: 128, width: 768 }, (parts) => [
          parts.experts,
          parts.gate,
        ]),
        isCountedOnly: true,
      },
      config,
      context,
    ),
};

export const qwen2Moe: Blueprint = {
  modelType: "qwen2_moe",
  build: (config, context) => {
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
          "Qwen2Moe",
          { experts: 60, width: 1408 },
          (parts, hiddenSize) => [
            parts.gate,
            parts.experts,
            ...sharedExpert("Qwen2Moe", config, hiddenSize, 5632),
          ],
        ),
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
