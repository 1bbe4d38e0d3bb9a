/** Phi-3.5-MoE: layer norms with bias, experts in every layer. */

import { activation } from "../blocks/activation.js";
import { fusedExperts, rejectUnfused } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../blueprint.js";
import { container, layerNorm, linear } from "../vocabulary.js";

export const phimoe: Blueprint = {
  modelType: "phimoe",
  build: (config, context) => {
    rejectUnfused(context, "phimoe");
    const experts = config.size("num_local_experts", 16);
    return llamaLike(
      {
        modelType: "phimoe",
        prefix: "Phimoe",
        taskHeads: ["ForSequenceClassification"],
        defaults: {
          vocabSize: 32064,
          hiddenSize: 4096,
          intermediateSize: 6400,
          layers: 32,
          heads: 32,
          keyValueHeads: 8,
        },
        attentionBias: config.boolean("attention_bias", false),
        headBias: config.boolean("lm_head_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name, size) => layerNorm(name, size),
        makeMlp: (hiddenSize, intermediateSize) =>
          container("mlp", "PhimoeSparseMoeBlock", {
            children: [
              linear("router", hiddenSize, experts, { type: "PhimoeTopKRouter" }),
              fusedExperts(
                { type: "PhimoeExperts", experts, hiddenSize, intermediateSize },
                activation(config, "hidden_act", "silu"),
              ),
            ],
          }),
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
