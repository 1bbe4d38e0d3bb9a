/** DeepSeek-V2, V3 and V3.2, and GLM after them: keys and values through a narrow projection, experts behind the first layers. */

import { activation } from "../blocks/activation.js";
import { denseLayers } from "../blocks/dense-layers.js";
import { areFused, expertsWithShared, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../blueprint.js";
import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../module-graph.js";
import { container, layerNorm, linear, rmsNorm } from "../vocabulary.js";

type Inherited = "modelType" | "prefix" | "taskHeads" | "defaults" | "keyValueSize";

type Generation = Pick<LlamaLike, Inherited> & {
  readonly sparseType: string;
  readonly experts: number;
  readonly sharedExperts: number;
  readonly expertWidth: number;
  readonly denseLayers: number;
  /** The router has a correction of its scores. */
  readonly corrects: boolean;
  readonly mlpBias: boolean;
  readonly latent: LatentDefaults;
  /** A small attention that chooses the tokens for the large one. */
  readonly indexer?: { readonly heads: number; readonly isShared?: typeof sharesIndex };
};

interface LatentDefaults {
  readonly queryRank: number;
  readonly plainDim: number;
  readonly valueDim: number;
}

function deepseek(generation: Generation): Blueprint {
  const { modelType, prefix, corrects, indexer, latent } = generation;
  return {
    modelType,
    build: (config, context) => {
      const ropeDim = config.size("qk_rope_head_dim", 64);
      const isDense = denseLayers(
        config,
        config.integer("first_k_dense_replace", generation.denseLayers),
      );
      const names = ["n_routed_experts", "num_local_experts"];
      const experts = config.size(
        indexer === undefined ? names : ["num_experts", ...names],
        generation.experts,
      );
      const isShared = indexer?.isShared?.(config);
      const width = config.size("moe_intermediate_size", generation.expertWidth);
      const shared = config.integer("n_shared_experts", generation.sharedExperts);
      const mlpBias = generation.mlpBias && config.boolean("mlp_bias", false);
      return llamaLike(
        {
          ...generation,
          defaults: { ...generation.defaults, headDim: ropeDim },
          mlpBias,
          tied: config.boolean("tie_word_embeddings", false),
          makeAttention: ({ hiddenSize, heads }, index) =>
            latentAttention(prefix, config, {
              ...latent,
              hiddenSize,
              heads,
              ropeDim,
              ...(indexer === undefined || isShared?.(index) === true
                ? {}
                : { indexHeads: config.size("index_n_heads", indexer.heads) }),
            }),
          layerKey: (index) => `${isDense(index)} ${isShared?.(index)}`,
          makeMlp: (hiddenSize, _, index) =>
            isDense(index)
              ? undefined
              : expertsWithShared({
                  prefix,
                  type: generation.sparseType,
                  experts,
                  hiddenSize,
                  intermediateSize: width,
                  sharedWidth: width * shared,
                  bias: mlpBias,
                  isFused: areFused(context),
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

/**
 * Layers that use the choice of an earlier one.
 *
 * Source: transformers@5.18.0 models/glm_moe_dsa/configuration_glm_moe_dsa.py `__post_init__`.
 */
function sharesIndex(config: Config): (index: number) => boolean {
  const types = config.stringList("indexer_types");
  if (types !== undefined) return (index) => types[index] === "shared";
  const pattern = config.fields.get("index_topk_pattern");
  if (typeof pattern === "string") return (index) => pattern[index] === "S";
  const frequency = Math.max(config.integer("index_topk_freq", 1), 1);
  const offset = config.integer("index_skip_topk_offset", 2);
  return (index) => Math.max(index - offset + 1, 0) % frequency !== 0;
}

interface LatentSizes extends LatentDefaults {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly ropeDim: number;
  readonly indexHeads?: number;
}

/** Multi-head latent attention: queries (optionally), keys and values are made from short vectors. */
function latentAttention(
  prefix: string,
  config: Config,
  { hiddenSize, heads, ropeDim, indexHeads, ...usual }: LatentSizes,
): ModuleNode {
  const plainDim = config.size("qk_nope_head_dim", usual.plainDim);
  const valueDim = config.size("v_head_dim", usual.valueDim);
  const keyRank = config.size("kv_lora_rank", 512);
  const queryRank = config.isNull("q_lora_rank")
    ? undefined
    : config.size("q_lora_rank", usual.queryRank);
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
      indexHeads === undefined
        ? undefined
        : indexer(prefix, hiddenSize, {
            queryRank: queryRank ?? usual.queryRank,
            heads: indexHeads,
            headDim: config.size("index_head_dim", 128),
          }),
    ],
  });
}

interface IndexerSizes {
  readonly queryRank: number;
  readonly heads: number;
  readonly headDim: number;
}

function indexer(
  prefix: string,
  hiddenSize: number,
  { queryRank, heads, headDim }: IndexerSizes,
): ModuleNode {
  return container("indexer", `${prefix}Indexer`, {
    children: [
      linear("wq_b", queryRank, heads * headDim),
      linear("wk", hiddenSize, headDim),
      layerNorm("k_norm", headDim),
      linear("weights_proj", hiddenSize, heads),
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
  latent: { queryRank: 1536, plainDim: 128, valueDim: 128 },
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
  latent: { queryRank: 1536, plainDim: 128, valueDim: 128 },
});

export const deepseekV32: Blueprint = deepseek({
  modelType: "deepseek_v32",
  prefix: "DeepseekV32",
  taskHeads: [],
  sparseType: "DeepseekV32MoE",
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
  latent: { queryRank: 1536, plainDim: 128, valueDim: 128 },
  indexer: { heads: 64 },
});

export const glmMoeDsa: Blueprint = deepseek({
  modelType: "glm_moe_dsa",
  prefix: "GlmMoeDsa",
  taskHeads: [],
  sparseType: "GlmMoeDsaMoE",
  defaults: {
    vocabSize: 154880,
    hiddenSize: 6144,
    intermediateSize: 12288,
    layers: 78,
    heads: 64,
    keyValueHeads: 64,
  },
  experts: 256,
  sharedExperts: 1,
  expertWidth: 2048,
  denseLayers: 3,
  corrects: true,
  mlpBias: false,
  latent: { queryRank: 2048, plainDim: 192, valueDim: 256 },
  indexer: { heads: 32, isShared: sharesIndex },
});

export const glm4MoeLite: Blueprint = deepseek({
  modelType: "glm4_moe_lite",
  prefix: "Glm4MoeLite",
  taskHeads: [],
  sparseType: "Glm4MoeLiteMoE",
  defaults: {
    vocabSize: 154880,
    hiddenSize: 2048,
    intermediateSize: 10240,
    layers: 47,
    heads: 20,
    keyValueHeads: 20,
  },
  experts: 64,
  sharedExperts: 1,
  expertWidth: 1536,
  denseLayers: 1,
  corrects: true,
  mlpBias: false,
  latent: { queryRank: 768, plainDim: 192, valueDim: 256 },
  keyValueSize: ({ hiddenSize, heads, keyValueHeads }) =>
    keyValueHeads * Math.floor(hiddenSize / heads),
});
