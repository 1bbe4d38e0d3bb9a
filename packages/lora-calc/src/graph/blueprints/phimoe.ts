/** Phi-3.5-MoE: layer norms with bias, experts in every layer. */

import { activation } from "../blocks/activation.js";
import { areFused, fusedExperts } from "../blocks/experts.js";
import { blockSparseMoe } from "../blocks/single-experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear } from "../tree/vocabulary.js";

export const phimoe: Blueprint = {
  modelType: "phimoe",
  build: (config, context) => {
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
        ignoresHeadDim: !areFused(context),
        attentionBias: config.boolean("attention_bias", false),
        headBias: config.boolean("lm_head_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name, size) => layerNorm(name, size),
        makeMlp: (hiddenSize, intermediateSize) => {
          const act = activation(config, "hidden_act", "silu");
          const sizes = { experts, hiddenSize, intermediateSize };
          if (!areFused(context)) return blockSparseMoe("Phimoe", sizes, act);
          const router: ModuleNode = {
            ...linear("router", hiddenSize, experts, { type: "PhimoeTopKRouter" }),
            forward: { kind: "choosing_linear" },
          };
          const all = fusedExperts({ type: "PhimoeExperts", ...sizes }, act);
          return container("mlp", "PhimoeSparseMoeBlock", { children: [router, all] });
        },
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
