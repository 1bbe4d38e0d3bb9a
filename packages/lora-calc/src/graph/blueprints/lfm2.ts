/** LFM2 and LFM2-MoE: short convolutions in most layers, attention in the others. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { fusedExperts, ROUTED, router } from "../blocks/experts.js";
import { languageModel } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { CorrectedRouterForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  persistentBuffer,
  container,
  conv,
  embedding,
  linear,
  repeatedBy,
  rmsNorm,
} from "../tree/vocabulary.js";

interface Family {
  readonly modelType: string;
  readonly prefix: string;
  readonly hiddenSize: number;
  /** Attribute of the rotary embedding. */
  readonly rotary: string;
  readonly isAttention: (index: number) => boolean;
  /** What tells the feed-forwards of two layers apart. */
  readonly feedForwardKey: (index: number) => string;
  readonly feedForward: (hiddenSize: number, index: number) => ModuleNode;
}

export const lfm2: Blueprint = {
  modelType: "lfm2",
  build: (config, context) => {
    const given = config.stringList("layer_types");
    const attention = config.integerList("full_attn_idxs");
    const width = adjustedWidth(config);
    const parts = assemble(config, {
      modelType: "lfm2",
      prefix: "Lfm2",
      hiddenSize: 2560,
      rotary: "rotary_emb",
      isAttention: (index) =>
        given === undefined
          ? (attention?.includes(index) ?? true)
          : given[index] === "full_attention",
      feedForwardKey: () => "",
      feedForward: (hiddenSize) => mlp("Lfm2", hiddenSize, width),
    });
    return languageModel(parts, config, context);
  },
};

export const lfm2Moe: Blueprint = {
  modelType: "lfm2_moe",
  build: (config, context) => {
    const types = config.stringList("layer_types");
    if (types === undefined) {
      reject({
        code: "missing_field",
        path: config.fields.at("layer_types"),
        message: `${config.fields.at("layer_types")} must be given: conv or full_attention for each layer`,
        expected: "list of texts",
      });
    }
    const dense = config.integer("num_dense_layers", 2);
    const width = config.size("intermediate_size", 7168);
    const parts = assemble(config, {
      modelType: "lfm2_moe",
      prefix: "Lfm2Moe",
      hiddenSize: 2048,
      rotary: "pos_emb",
      isAttention: (index) => types[index] === "full_attention",
      feedForwardKey: (index) => `${index < dense}`,
      feedForward: (hiddenSize, index) =>
        index < dense ? mlp("Lfm2Moe", hiddenSize, width) : experts(config, hiddenSize),
    });
    return languageModel(parts, config, context);
  },
};

/** Two thirds of the width, times a factor, rounded up; unless the width is meant as it is. */
function adjustedWidth(config: Config): number {
  const width = config.size(["block_ff_dim", "intermediate_size"], 12288);
  if (!config.boolean("block_auto_adjust_ff_dim", true)) return width;
  const narrowed = Math.floor((2 * width) / 3);
  if (config.isNull("block_ffn_dim_multiplier")) return narrowed;
  const scaled = Math.floor(config.number("block_ffn_dim_multiplier", 1) * narrowed);
  const multiple = config.size("block_multiple_of", 256);
  return multiple * Math.ceil(scaled / multiple);
}

function assemble(config: Config, family: Family): LanguageModelParts {
  const { modelType, prefix, rotary, isAttention, feedForwardKey, feedForward } = family;
  const hiddenSize = config.size("hidden_size", family.hiddenSize);
  const heads = config.size("num_attention_heads", 32);
  const keyValueHeads = config.size("num_key_value_heads", 8);
  const headDim =
    config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
  const vocabSize = config.size("vocab_size", 65536);
  const norm = (name: string, size = hiddenSize) => rmsNorm(name, `${prefix}RMSNorm`, size);
  // A node of its own for every layer: adapters are bound to nodes.
  const attention = () =>
    container("self_attn", `${prefix}Attention`, {
      forward: {
        kind: "attention",
        projections: { kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
        output: "out_proj",
        ...{ heads, keyValueHeads, headDim },
        queryKeyNorm: { on: "head", query: "q_layernorm", key: "k_layernorm" },
        rotary: "full",
        attentionDropout: 0,
      },
      children: [
        linear("q_proj", hiddenSize, heads * headDim),
        linear("k_proj", hiddenSize, keyValueHeads * headDim),
        linear("v_proj", hiddenSize, keyValueHeads * headDim),
        linear("out_proj", heads * headDim, hiddenSize),
        norm("q_layernorm", headDim),
        norm("k_layernorm", headDim),
      ],
    });
  const layer = (index: number) => {
    const mixer = isAttention(index) ? attention() : shortConvolution(prefix, config, hiddenSize);
    const fed = feedForward(hiddenSize, index);
    return container("0", `${prefix}DecoderLayer`, {
      forward: {
        kind: "decoder_layer",
        ...{ attention: mixer.name, mlp: fed.name },
        ...{ preAttentionNorm: "operator_norm", preMlpNorm: "ffn_norm" },
      },
      children: [mixer, fed, norm("operator_norm"), norm("ffn_norm")],
    });
  };
  const frequencies = [Math.ceil(headDim / 2)];
  return {
    modelType,
    prefix,
    backbone: "model",
    taskHeads: [],
    hiddenSize,
    keyValueSize: keyValueHeads * headDim,
    vocabSize,
    tied: config.boolean(["tie_embedding", "tie_word_embeddings"], true),
    forward: {
      kind: "decoder",
      tokenEmbedding: "embed_tokens",
      rotary,
      layers: "layers",
      finalNorm: "embedding_norm",
    },
    children: [
      embedding("embed_tokens", vocabSize, hiddenSize),
      repeatedBy(
        "layers",
        config.layerCount("num_hidden_layers", 32),
        (index) => `${isAttention(index)} ${feedForwardKey(index)}`,
        (_, index) => layer(index),
      ),
      container(rotary, `${prefix}RotaryEmbedding`, {
        forward: { kind: "rotary", dim: headDim },
        buffers: [buffer("inv_freq", frequencies), buffer("original_inv_freq", frequencies)],
      }),
      norm("embedding_norm"),
    ],
  };
}

/** Three projections, of which two gate a convolution over a few tokens. */
function shortConvolution(prefix: string, config: Config, hiddenSize: number): ModuleNode {
  const bias = config.boolean("conv_bias", false);
  return container("conv", `${prefix}ShortConv`, {
    forward: {
      kind: "short_convolution",
      ...{ input: "in_proj", convolution: "conv", output: "out_proj" },
    },
    children: [
      conv("conv", [hiddenSize, hiddenSize], [config.size("conv_L_cache", 3)], {
        bias,
        groups: hiddenSize,
      }),
      linear("in_proj", hiddenSize, 3 * hiddenSize, { bias }),
      linear("out_proj", hiddenSize, hiddenSize, { bias }),
    ],
  });
}

function mlp(prefix: string, hiddenSize: number, width: number): ModuleNode {
  return container("feed_forward", `${prefix}MLP`, {
    forward: { kind: "gated_mlp", gate: "w1", up: "w3", down: "w2", activation: "silu" },
    children: [
      linear("w1", hiddenSize, width),
      linear("w3", hiddenSize, width),
      linear("w2", width, hiddenSize),
    ],
  });
}

function experts(config: Config, hiddenSize: number): ModuleNode {
  const sizes = {
    experts: config.size("num_experts", 32),
    hiddenSize,
    intermediateSize: config.size("moe_intermediate_size", 1792),
  };
  const fused = fusedExperts({ ...sizes, type: "Lfm2MoeExperts" }, "silu");
  const corrects = config.boolean("use_expert_bias", true);
  const routing: CorrectedRouterForward = {
    kind: "corrected_router",
    chosen: config.size("num_experts_per_tok", 4),
    scores: "sigmoid",
    ...(corrects ? { correction: { of: "block", buffer: "expert_bias" } } : {}),
    ...(config.boolean("norm_topk_prob", true) ? { normalizes: "apart" } : {}),
    isScaled: true,
  };
  return container("feed_forward", "Lfm2MoeSparseMoeBlock", {
    forward: ROUTED,
    buffers: corrects ? [persistentBuffer("expert_bias", [sizes.experts])] : [],
    children: [
      // The activation is a function here, not a module.
      { ...fused, children: [] },
      router("gate", { ...sizes, type: "Lfm2MoeTopKRouter" }, { forward: routing }),
    ],
  });
}
