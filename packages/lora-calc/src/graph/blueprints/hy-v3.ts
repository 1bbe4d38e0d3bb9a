/** Hunyuan 3: Qwen3's attention before DeepSeek's experts; the correction of the scores lies in the block itself. */

import { activation } from "../blocks/activation.js";
import { denseLayers } from "../blocks/dense-layers.js";
import { areFused, expertsWithShared, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import { persistentBuffer } from "../tree/vocabulary.js";

const PREFIX = "HYV3";

export const hyV3: Blueprint = {
  modelType: "hy_v3",
  build: (config, context) => {
    const experts = config.size(["num_experts", "num_local_experts"], 192);
    const width = config.size("moe_intermediate_size", 1536);
    const shared = config.integer("num_shared_experts", 1);
    const bias = config.boolean("mlp_bias", false);
    const isDense = denseLayers(config, 1);
    return llamaLike(
      {
        modelType: "hy_v3",
        prefix: PREFIX,
        taskHeads: [],
        defaults: {
          vocabSize: 120832,
          hiddenSize: 4096,
          intermediateSize: 13312,
          layers: 80,
          heads: 64,
          keyValueHeads: 8,
          headDim: 128,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "head",
        mlpBias: bias,
        tied: config.boolean("tie_word_embeddings", false),
        layerKey: (index) => (isDense(index) ? "dense" : "experts"),
        makeMlp: (hiddenSize, _, index) => {
          if (isDense(index)) return undefined;
          const mlp = expertsWithShared({
            prefix: PREFIX,
            type: `${PREFIX}MoE`,
            experts,
            hiddenSize,
            intermediateSize: width,
            sharedWidth: width * shared,
            activation: activation(config, "hidden_act", "silu"),
            gate: router(
              "gate",
              { type: `${PREFIX}TopKRouter`, experts, hiddenSize },
              { keepsFp32: context.world.rules.keepsRoutersFp32 },
            ),
            gateFirst: true,
            bias,
            isFused: areFused(context),
          });
          return { ...mlp, buffers: [persistentBuffer("e_score_correction_bias", [experts])] };
        },
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
