/** DeepSeek-V2, V3 and V3.2, GLM and Mistral 4 after them: keys and values through a narrow projection, experts behind the first layers. */

import { activation } from "../blocks/activation.js";
import { denseLayers } from "../blocks/dense-layers.js";
import { areFused, expertsWithShared, groupedRouter, router } from "../blocks/experts.js";
import { latentAttention } from "../blocks/latent-attention.js";
import type { LatentDefaults } from "../blocks/latent-attention.js";
import { indexOf, sharesIndex } from "../blocks/token-index.js";
import type { Indexer } from "../blocks/token-index.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { GroupedRouterForward, RotaryVariant, SharesRouterForward } from "../tree/forward.js";
import type { Config } from "../../model/config.js";

type Inherited = "modelType" | "prefix" | "taskHeads" | "defaults" | "keyValueSize";

type Generation = Pick<LlamaLike, Inherited> & {
  readonly sparseType: string;
  readonly experts: number;
  readonly sharedExperts: number;
  readonly expertWidth: number;
  readonly denseLayers: number;
  /** The router scores by sigmoids with a correction, by shares of a softmax, or in a way that has no program. */
  readonly scores: "corrected" | "shares" | "unknown";
  /** Defaults of a corrected router: experts of a token, and the groups they come from. */
  readonly routing: { readonly chosen: number; readonly groups: readonly [number, number] };
  readonly mlpBias: boolean;
  readonly latent: LatentDefaults;
  /** A small attention that chooses the tokens for the large one. */
  readonly indexer?: Indexer;
};

function deepseek(generation: Generation): Blueprint {
  const { modelType, prefix, scores, indexer, latent } = generation;
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
      const routing = routingOf(config, context, generation);
      return llamaLike(
        {
          ...generation,
          defaults: { ...generation.defaults, headDim: ropeDim },
          // The configuration sets it to what is turned.
          ignoresHeadDim: true,
          mlpBias,
          tied: config.boolean("tie_word_embeddings", false),
          makeAttention: ({ hiddenSize, heads }, index) =>
            latentAttention(prefix, config, {
              ...latent,
              hiddenSize,
              heads,
              ropeDim,
              rotary: rotaryOf(config, scores),
              ...(indexer === undefined
                ? {}
                : { index: indexOf(config, indexer, isShared?.(index) === true) }),
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
                    {
                      ...(scores === "unknown"
                        ? {}
                        : { keepsFp32: context.world.rules.keepsRoutersFp32 }),
                      corrects: scores === "corrected",
                      forward: routing,
                    },
                  ),
                }),
          ...(scores === "shares" ? { rotaryIsComplex: true } : {}),
          ...(indexer === undefined
            ? {}
            : { alwaysMasks: true, neverQuantized: ["indexer.weights_proj"] }),
          ...(isShared === undefined ? {} : { passesChoice: true }),
          // No layer chose before the first (ValueError).
          ...(routing === undefined || isShared?.(0) === true ? { isCountedOnly: true } : {}),
        },
        config,
        context,
      );
    },
  };
}

function rotaryOf(config: Config, scores: Generation["scores"]): RotaryVariant {
  if (scores === "shares") return "complex";
  return config.boolean("rope_interleave", true) ? "pairs_apart" : "full";
}

/** Undefined where the step of the router is not known. */
function routingOf(
  config: Config,
  context: BuildContext,
  { scores, routing }: Generation,
): GroupedRouterForward | SharesRouterForward | undefined {
  if (scores === "unknown" || config.boolean("output_router_logits", false)) return undefined;
  if (scores === "corrected") {
    return groupedRouter(config, context, { ...routing, normalizes: true });
  }
  if (!areFused(context)) return undefined;
  const method = config.string("topk_method", "greedy");
  const chosen = config.optionalSize("num_experts_per_tok");
  if (chosen === undefined) return undefined;
  if (method === "greedy") return { kind: "shares_router", chosen };
  if (method !== "group_limited_greedy") return undefined;
  const groups = { count: config.size("n_group", 1), taken: config.size("topk_group", 1) };
  return { kind: "shares_router", chosen, groups };
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
  scores: "corrected",
  routing: { chosen: 8, groups: [8, 4] },
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
  scores: "shares",
  routing: { chosen: 6, groups: [1, 1] },
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
  scores: "corrected",
  routing: { chosen: 8, groups: [8, 4] },
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
  scores: "corrected",
  routing: { chosen: 8, groups: [1, 1] },
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
  scores: "corrected",
  routing: { chosen: 4, groups: [1, 1] },
  mlpBias: false,
  latent: { queryRank: 768, plainDim: 192, valueDim: 256 },
  keyValueSize: ({ hiddenSize, heads, keyValueHeads }) =>
    keyValueHeads * Math.floor(hiddenSize / heads),
});

export const mistral4: Blueprint = deepseek({
  modelType: "mistral4",
  prefix: "Mistral4",
  taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
  sparseType: "Mistral4MoE",
  defaults: {
    vocabSize: 131072,
    hiddenSize: 4096,
    intermediateSize: 12288,
    layers: 36,
    heads: 32,
    keyValueHeads: 32,
  },
  experts: 128,
  sharedExperts: 1,
  expertWidth: 2048,
  denseLayers: 0,
  scores: "unknown",
  routing: { chosen: 4, groups: [1, 1] },
  mlpBias: false,
  latent: { queryRank: 1024, plainDim: 64, valueDim: 128, keyRank: 256 },
  keyValueSize: ({ keyValueHeads }, config) =>
    keyValueHeads * (config.size("qk_nope_head_dim", 64) + config.size("qk_rope_head_dim", 64)),
});
