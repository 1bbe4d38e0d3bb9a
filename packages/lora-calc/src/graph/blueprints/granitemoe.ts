/** Granite with experts, which stand behind the norms of a layer as `block_sparse_moe`. */

import { activation } from "../blocks/activation.js";
import { fusedExperts, router, topKRouter } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container } from "../tree/vocabulary.js";

export const granitemoe: Blueprint = {
  modelType: "granitemoe",
  build: (config, context) => {
    const experts = config.size("num_local_experts", 8);
    const routing = topKRouter(config, context, { chosen: 2, normalizes: false });
    const forward =
      routing === undefined ? undefined : { ...routing, softmaxLast: "in_fp32" as const };
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
            forward: { kind: "sparse_mlp", router: "router", experts: "experts" },
            children: [
              router("router", { type: "GraniteMoeTopKRouter", experts, hiddenSize }, { forward }),
              fusedExperts(
                { type: "GraniteMoeExperts", experts, hiddenSize, intermediateSize },
                activation(config, "hidden_act", "silu"),
              ),
            ],
          }),
        ],
        mlpName: "block_sparse_moe",
        scalesAfterMasks: true,
        scaledResidual: true,
        scaledLogits: true,
        ...(forward === undefined ? { isCountedOnly: true } : {}),
      },
      config,
      context,
    );
  },
};
