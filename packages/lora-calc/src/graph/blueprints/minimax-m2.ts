/** MiniMax-M2: norms over whole projections, experts in every layer. */

import { activation } from "../blocks/activation.js";
import { routedMlp } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import { persistentBuffer } from "../tree/vocabulary.js";

export const minimaxM2: Blueprint = {
  modelType: "minimax_m2",
  build: (config, context) => {
    const experts = config.size(["num_local_experts", "num_experts"], 256);
    const headDim = config.optionalSize("head_dim") ?? 128;
    const rotaryDim = config.optionalSize("rotary_dim");
    return llamaLike(
      {
        modelType: "minimax_m2",
        prefix: "MiniMaxM2",
        taskHeads: [],
        defaults: {
          vocabSize: 200064,
          hiddenSize: 3072,
          intermediateSize: 1536,
          layers: 62,
          heads: 48,
          keyValueHeads: 8,
          headDim,
        },
        queryKeyNorm: "projection",
        rotaryShare:
          rotaryDim === undefined
            ? config.nested("rope_parameters").number("partial_rotary_factor", 1)
            : rotaryDim / headDim,
        tied: config.boolean("tie_word_embeddings", false),
        makeMlp: (hiddenSize, intermediateSize) => ({
          ...routedMlp(
            "MiniMaxM2",
            { experts, hiddenSize, intermediateSize },
            activation(config, "hidden_act", "silu"),
            {
              kind: "corrected_router",
              chosen: config.size("num_experts_per_tok", 8),
              scores: "sigmoid_fp32",
              correction: { of: "block", buffer: "e_score_correction_bias" },
              ...{ keepsScores: true, returnsScores: true },
              normalizes: "in_place",
            },
          ),
          buffers: [{ ...persistentBuffer("e_score_correction_bias", [experts]), dtype: "model" }],
        }),
        rotary: "partial",
        // Noise on the experts' input, and the loss that balances them, have no program.
        ...(config.number("router_jitter_noise", 0) > 0 ||
        config.boolean("output_router_logits", false)
          ? { isCountedOnly: true }
          : {}),
      },
      config,
      context,
    );
  },
};
