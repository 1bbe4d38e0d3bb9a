/** DeepSeek-V2 and V3: keys and values through a narrow projection, experts in all but the first layers. */

import { activation } from "../blocks/activation.js";
import { expertsWithShared, rejectUnfused, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../blueprint.js";
import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../module-graph.js";
import { container, linear, rmsNorm } from "../vocabulary.js";

type Generation = Pick<LlamaLike, "modelType" | "prefix" | "taskHeads" | "defaults"> & {
  readonly sparseType: string;
  readonly experts: number;
  readonly sharedExperts: number;
  readonly expertWidth: number;
  readonly denseLayers: number;
  /** The router has a correction of its scores. */
  readonly corrects: boolean;
  readonly mlpBias: boolean;
};

function deepseek(generation: Generation): Blueprint {
  const { modelType, prefix, corrects } = generation;
  return {
    modelType,
    build: (config, context) => {
      rejectUnfused(context, modelType);
      const ropeDim = config.size("qk_rope_head_dim", 64);
      const dense = config.integer("first_k_dense_replace", generation.denseLayers);
      const experts = config.size(["n_routed_experts", "num_local_experts"], generation.experts);
      const width = config.size("moe_intermediate_size", generation.expertWidth);
      const shared = config.integer("n_shared_experts", generation.sharedExperts);
      const mlpBias = generation.mlpBias && config.boolean("mlp_bias", false);
      return llamaLike(
        {
          ...generation,
          defaults: { ...generation.defaults, headDim: ropeDim },
          mlpBias,
          tied: config.boolean("tie_word_embeddings", false),
          makeAttention: ({ hiddenSize, heads }) =>
            latentAttention(prefix, config, { hiddenSize, heads, ropeDim }),
          layerKey: (index) => (index < dense ? "dense" : "experts"),
          makeMlp: (hiddenSize, _, index) =>
            index < dense
              ? undefined
              : expertsWithShared({
                  prefix,
                  type: generation.sparseType,
                  experts,
                  hiddenSize,
                  intermediateSize: width,
                  sharedWidth: width * shared,
                  bias: mlpBias,
                  activation: activation(config, "hidden_act", "silu"),
                  gate: router(
                    "gate",
                    { type: `${prefix}TopkRouter`, experts, hiddenSize },
                    { correction: corrects },
                  ),
                }),
          isCountedOnly: true,
        },
        config,
        context,
      );
    },
  };
}

interface LatentSizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly ropeDim: number;
}

/** Multi-head latent attention: queries (optionally), keys and values are made from short vectors. */
function latentAttention(
  prefix: string,
  config: Config,
  { hiddenSize, heads, ropeDim }: LatentSizes,
): ModuleNode {
  const plainDim = config.size("qk_nope_head_dim", 128);
  const valueDim = config.size("v_head_dim", 128);
  const keyRank = config.size("kv_lora_rank", 512);
  const queryRank = config.isNull("q_lora_rank") ? undefined : config.size("q_lora_rank", 1536);
  const bias = config.boolean("attention_bias", false);
  const queryWidth = heads * (plainDim + ropeDim);
  return container("self_attn", `${prefix}Attention`, {
    children: [
      ...(queryRank === undefined
        ? [linear("q_proj", hiddenSize, queryWidth)]
        : [
            linear("q_a_proj", hiddenSize, queryRank, { bias }),
            rmsNorm("q_a_layernorm", `${prefix}RMSNorm`, queryRank),
            linear("q_b_proj", queryRank, queryWidth),
          ]),
      linear("kv_a_proj_with_mqa", hiddenSize, keyRank + ropeDim, { bias }),
      rmsNorm("kv_a_layernorm", `${prefix}RMSNorm`, keyRank),
      linear("kv_b_proj", keyRank, heads * (plainDim + valueDim)),
      linear("o_proj", heads * valueDim, hiddenSize, { bias }),
    ],
  });
}

export const deepseekV3: Blueprint = deepseek({
  modelType: "deepseek_v3",
  prefix: "DeepseekV3",
  taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
  sparseType: "DeepseekV3MoE",
  defaults: {
    vocabSize: 129280,
    hiddenSize: 7168,
    intermediateSize: 18432,
    layers: 61,
    heads: 128,
    keyValueHeads: 128,
  },
  experts: 256,
  sharedExperts: 1,
  expertWidth: 2048,
  denseLayers: 3,
  corrects: true,
  mlpBias: false,
});

export const deepseekV2: Blueprint = deepseek({
  modelType: "deepseek_v2",
  prefix: "DeepseekV2",
  taskHeads: ["ForSequenceClassification"],
  sparseType: "DeepseekV2Moe",
  defaults: {
    vocabSize: 102400,
    hiddenSize: 4096,
    intermediateSize: 11008,
    layers: 32,
    heads: 32,
    keyValueHeads: 32,
  },
  experts: 64,
  sharedExperts: 2,
  expertWidth: 1407,
  denseLayers: 0,
  corrects: false,
  mlpBias: true,
});
