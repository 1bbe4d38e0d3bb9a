/** Granite with experts, which stand behind the norms of a layer as `block_sparse_moe`. */

import { activation } from "../blocks/activation.js";
import { fusedExperts, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container } from "../tree/vocabulary.js";

export const granitemoe: Blueprint = {
  modelType: "granitemoe",
  build: (config, context) => {
    const experts = config.size("num_local_experts", 8);
    return llamaLike(
      {
        modelType: "granitemoe",
        prefix: "GraniteMoe",
        taskHeads: [],
        defaults: {
          vocabSize: 32000,
          hiddenSize: 4096,
          intermediateSize: 11008,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        hasNoMlp: true,
        layerTail: ({ hiddenSize, intermediateSize }) => [
          container("block_sparse_moe", "GraniteMoeMoE", {
            children: [
              router("router", { type: "GraniteMoeTopKRouter", experts, hiddenSize }),
              fusedExperts(
                { type: "GraniteMoeExperts", experts, hiddenSize, intermediateSize },
                activation(config, "hidden_act", "silu"),
              ),
            ],
          }),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
