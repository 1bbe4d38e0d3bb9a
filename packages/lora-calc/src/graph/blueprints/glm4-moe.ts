/** GLM-4.5 and dots1: DeepSeek's experts behind ordinary attention. */

import { activation } from "../blocks/activation.js";
import { areFused, expertsWithShared, groupedRouter, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { Config } from "../../model/config.js";

interface Experts {
  readonly prefix: string;
  readonly experts: number;
  readonly shared: number;
  readonly width: number;
  readonly denseLayers: number;
  /** Experts of a token. */
  readonly chosen: number;
  readonly normalizes: boolean;
}

export const glm4Moe: Blueprint = {
  modelType: "glm4_moe",
  build: (config, context) => {
    const heads = config.size("num_attention_heads", 96);
    return llamaLike(
      {
        modelType: "glm4_moe",
        prefix: "Glm4Moe",
        taskHeads: [],
        defaults: {
          vocabSize: 151552,
          hiddenSize: 4096,
          intermediateSize: 10944,
          layers: 46,
          heads,
          keyValueHeads: 8,
          // The class does not ask whether the heads share the width evenly, and by its defaults they do not.
          headDim: Math.floor(config.size("hidden_size", 4096) / heads),
        },
        attentionBias: config.boolean("attention_bias", false) ? "query_key_value" : false,
        ...(config.boolean("use_qk_norm", false) ? { queryKeyNorm: "head" } : {}),
        rotaryShare: config.number("partial_rotary_factor", 0.5),
        tied: config.boolean("tie_word_embeddings", false),
        ...sparse(config, context, {
          prefix: "Glm4Moe",
          experts: 128,
          shared: 1,
          width: 1408,
          denseLayers: 1,
          chosen: 8,
          normalizes: true,
        }),
        rotary: "partial",
        cuts: "moved_after_norms",
      },
      config,
      context,
    );
  },
};

export const dots1: Blueprint = {
  modelType: "dots1",
  build: (config, context) => {
    return llamaLike(
      {
        modelType: "dots1",
        prefix: "Dots1",
        taskHeads: [],
        defaults: {
          vocabSize: 152064,
          hiddenSize: 4608,
          intermediateSize: 10944,
          layers: 62,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "head",
        tied: config.boolean("tie_word_embeddings", false),
        ...sparse(config, context, {
          prefix: "Dots1",
          experts: 128,
          shared: 2,
          width: 1408,
          denseLayers: 0,
          chosen: 8,
          normalizes: false,
        }),
      },
      config,
      context,
    );
  },
};

function sparse(
  config: Config,
  context: BuildContext,
  { prefix, ...defaults }: Experts,
): Pick<LlamaLike, "layerKey" | "makeMlp"> {
  const experts = config.size(["n_routed_experts", "num_local_experts"], defaults.experts);
  const width = config.size("moe_intermediate_size", defaults.width);
  const shared = config.integer("n_shared_experts", defaults.shared);
  const dense = config.integer("first_k_dense_replace", defaults.denseLayers);
  return {
    layerKey: (index) => (index < dense ? "dense" : "experts"),
    makeMlp: (hiddenSize, _, index) =>
      index < dense
        ? undefined
        : expertsWithShared({
            prefix,
            type: `${prefix}MoE`,
            experts,
            hiddenSize,
            intermediateSize: width,
            sharedWidth: width * shared,
            activation: activation(config, "hidden_act", "silu"),
            isFused: areFused(context),
            gate: router(
              "gate",
              { type: `${prefix}TopkRouter`, experts, hiddenSize },
              {
                corrects: true,
                keepsFp32: context.world.rules.keepsRoutersFp32,
                forward: groupedRouter(config, context, defaults),
              },
            ),
          }),
  };
}
