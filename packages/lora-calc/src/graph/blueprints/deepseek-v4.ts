/**
 * DeepSeek-V4: one head of keys that is values too, older tokens compressed lightly (with an indexer that picks among
 * them) or heavily, several residual streams mixed around every sublayer, experts in every layer.
 */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activation } from "../blocks/activation.js";
import { fusedExperts } from "../blocks/experts.js";
import { languageModel } from "../blocks/language-model.js";
import { gatedMlp } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode, Parameter } from "../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  leaf,
  linear,
  parameter,
  persistentBuffer,
  repeatedBy,
  rmsNorm,
} from "../tree/vocabulary.js";

const PREFIX = "DeepseekV4";
const LIGHT = "compressed_sparse_attention";
const HEAVY = "heavily_compressed_attention";
const TYPES: readonly string[] = ["sliding_attention", LIGHT, HEAVY];
/** Tokens per compressed one, as early configurations say what a layer is. */
const TYPE_OF_RATIO: ReadonlyMap<number, string> = new Map([
  [0, "sliding_attention"],
  [4, LIGHT],
  [128, HEAVY],
]);

interface Sizes {
  readonly hiddenSize: number;
  readonly headDim: number;
  readonly queryRank: number;
  readonly vocabSize: number;
}

export const deepseekV4: Blueprint = {
  modelType: "deepseek_v4",
  build: (config, context) => {
    const sizes: Sizes = {
      hiddenSize: config.size("hidden_size", 4096),
      headDim: config.size("head_dim", 512),
      queryRank: config.size("q_lora_rank", 1024),
      vocabSize: config.size("vocab_size", 129280),
    };
    const { hiddenSize, vocabSize } = sizes;
    const layers = config.layerCount("num_hidden_layers", 43);
    const types = layerTypes(config, layers);
    const isHashed = hashedLayers(config);
    const key = (index: number): string => `${types[index]} ${isHashed(index)}`;
    return languageModel(
      {
        modelType: "deepseek_v4",
        prefix: PREFIX,
        backbone: "model",
        taskHeads: [],
        hiddenSize,
        keyValueSize: config.size("num_key_value_heads", 1) * sizes.headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: { kind: "decoder", tokenEmbedding: "embed_tokens", layers: "layers" },
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeatedBy("layers", layers, key, (_, index) =>
            decoderLayer(config, sizes, types[index] ?? HEAVY, isHashed(index)),
          ),
          norm("norm", hiddenSize),
          rotary(config, sizes),
          streamHead(config, hiddenSize),
        ],
        isCountedOnly: true,
        neverQuantized: NEVER_QUANTIZED,
      },
      config,
      context,
    );
  },
};

/** As listed, or by ratios, or two heavy layers and then heavy and light ones in turn. */
function layerTypes(config: Config, layers: number): readonly string[] {
  const ratios = config.integerList("compress_ratios");
  const given =
    config.stringList("layer_types") ?? ratios?.map((ratio) => TYPE_OF_RATIO.get(ratio) ?? "");
  if (given === undefined) {
    return Array.from({ length: layers }, (_, index) =>
      index >= 2 && index % 2 === 1 ? LIGHT : HEAVY,
    );
  }
  if (given.length < layers || !given.every((type) => TYPES.includes(type))) {
    const field = config.has("layer_types") ? "layer_types" : "compress_ratios";
    reject({
      code: "invalid_value",
      path: config.fields.at(field),
      message: `${field} must say for each of ${layers} layers ${field === "layer_types" ? TYPES.join(", ") : "0, 4 or 128"}`,
      received: config.fields.get(field),
    });
  }
  return given;
}

/** Layers whose experts are looked up by the token. */
function hashedLayers(config: Config): (index: number) => boolean {
  const types = config.stringList("mlp_layer_types");
  const first = config.integer("num_hash_layers", 3);
  return (index) => (types === undefined ? index < first : types[index] === "hash_moe");
}

function norm(name: string, size: number): ModuleNode {
  return { ...rmsNorm(name, `${PREFIX}RMSNorm`, size), parameters: [keptInFp32("weight", [size])] };
}

/**
 * The class keeps its norms, streams, sinks and positions in fp32 whatever it is loaded in.
 * Source: transformers models/deepseek_v4/modeling_deepseek_v4.py `_keep_in_fp32_modules_strict`.
 */
function keptInFp32(name: string, shape: readonly number[]): Parameter {
  return parameter(name, shape, "float32");
}

/** A norm without weights. */
function plainNorm(name: string): ModuleNode {
  return leaf(name, `${PREFIX}UnweightedRMSNorm`);
}

function rotary(config: Config, { headDim }: Sizes): ModuleNode {
  const share = config.number("partial_rotary_factor", 64 / 512);
  const dim =
    (config.has("partial_rotary_factor") ? undefined : config.optionalSize("qk_rope_head_dim")) ??
    Math.floor(headDim * share);
  const shape = [Math.ceil(dim / 2)];
  return container("rotary_emb", `${PREFIX}RotaryEmbedding`, {
    buffers: ["main", "compress"].flatMap((kind) => [
      buffer(`${kind}_inv_freq`, shape),
      buffer(`${kind}_original_inv_freq`, shape),
    ]),
  });
}

function decoderLayer(config: Config, sizes: Sizes, type: string, isHashed: boolean): ModuleNode {
  const { hiddenSize } = sizes;
  return container("0", `${PREFIX}DecoderLayer`, {
    children: [
      attention(config, sizes, type),
      mixture(config, sizes, isHashed),
      norm("input_layernorm", hiddenSize),
      norm("post_attention_layernorm", hiddenSize),
      connection(config, "attn_hc", hiddenSize),
      connection(config, "ffn_hc", hiddenSize),
    ],
  });
}

/** What each of the streams gives to a sublayer, takes from it and mixes with the others. */
function connection(config: Config, name: string, hiddenSize: number): ModuleNode {
  const streams = config.size("hc_mult", 4);
  const width = (2 + streams) * streams;
  return container(name, `${PREFIX}HyperConnection`, {
    parameters: [
      keptInFp32("fn", [width, streams * hiddenSize]),
      keptInFp32("base", [width]),
      keptInFp32("scale", [3]),
    ],
    children: [plainNorm("input_norm")],
  });
}

function streamHead(config: Config, hiddenSize: number): ModuleNode {
  const streams = config.size("hc_mult", 4);
  return container("hc_head", `${PREFIX}HyperHead`, {
    parameters: [
      keptInFp32("hc_fn", [streams, streams * hiddenSize]),
      keptInFp32("hc_base", [streams]),
      keptInFp32("hc_scale", [1]),
    ],
    children: [plainNorm("input_norm")],
  });
}

function attention(config: Config, sizes: Sizes, type: string): ModuleNode {
  const { hiddenSize, headDim, queryRank } = sizes;
  const heads = config.size("num_attention_heads", 64);
  const groups = config.size("o_groups", 8);
  const width = groups * config.size("o_lora_rank", 1024);
  return container("self_attn", `${PREFIX}Attention`, {
    parameters: [keptInFp32("sinks", [heads])],
    children: [
      linear("q_a_proj", hiddenSize, queryRank),
      norm("q_a_norm", queryRank),
      linear("q_b_proj", queryRank, heads * headDim),
      plainNorm("q_b_norm"),
      linear("kv_proj", hiddenSize, headDim),
      norm("kv_norm", headDim),
      {
        ...linear("o_a_proj", Math.floor((heads * headDim) / groups), width, {
          type: `${PREFIX}GroupedLinear`,
        }),
        forward: { kind: "grouped_linear" },
      },
      linear("o_b_proj", width, hiddenSize),
      type === "sliding_attention" ? undefined : compressor(config, sizes, type === LIGHT),
    ],
  });
}

/** Tokens per compressed one. */
function rateOf(config: Config, isLight: boolean): number {
  const own = config.optionalSize(isLight ? "compress_rate_csa" : "compress_rate_hca");
  return own ?? config.nested("compress_rates").size(isLight ? LIGHT : HEAVY, isLight ? 4 : 128);
}

/** Source: transformers models/deepseek_v4/modeling_deepseek_v4.py `_keep_in_fp32_modules`. */
const NEVER_QUANTIZED = [
  ...["kv_proj", "gate_proj", "indexer.kv_proj", "indexer.gate_proj"],
  "indexer.scorer.weights_proj",
].map((name) => `self_attn.compressor.${name}`);

/** Light compression keeps two overlapping halves, heavy one. */
function compressor(config: Config, sizes: Sizes, isLight: boolean): ModuleNode {
  const { hiddenSize, headDim } = sizes;
  const width = isLight ? 2 * headDim : headDim;
  return container("compressor", `${PREFIX}${isLight ? "CSA" : "HCA"}Compressor`, {
    parameters: [keptInFp32("position_bias", [rateOf(config, isLight), width])],
    children: [
      linear("kv_proj", hiddenSize, width),
      linear("gate_proj", hiddenSize, width),
      norm("kv_norm", headDim),
      rotary(config, sizes),
      isLight ? indexer(config, sizes) : undefined,
    ],
  });
}

function indexer(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize, queryRank } = sizes;
  const heads = config.size("index_n_heads", 64);
  const headDim = config.size("index_head_dim", 128);
  return container("indexer", `${PREFIX}Indexer`, {
    parameters: [keptInFp32("position_bias", [rateOf(config, true), 2 * headDim])],
    children: [
      linear("kv_proj", hiddenSize, 2 * headDim),
      linear("gate_proj", hiddenSize, 2 * headDim),
      norm("kv_norm", headDim),
      linear("q_b_proj", queryRank, heads * headDim),
      rotary(config, sizes),
      container("scorer", `${PREFIX}IndexerScorer`, {
        children: [linear("weights_proj", hiddenSize, heads)],
      }),
    ],
  });
}

function mixture(config: Config, { hiddenSize, vocabSize }: Sizes, isHashed: boolean): ModuleNode {
  const experts = config.size(["num_local_experts", "n_routed_experts"], 256);
  const intermediateSize = config.size(["intermediate_size", "moe_intermediate_size"], 2048);
  const act = activation(config, "hidden_act", "silu");
  const chosen = config.size("num_experts_per_tok", 6);
  return container("mlp", `${PREFIX}SparseMoeBlock`, {
    children: [
      container("gate", `${PREFIX}${isHashed ? "Hash" : "TopK"}Router`, {
        parameters: [{ name: "weight", shape: [experts, hiddenSize] }],
        buffers: isHashed
          ? [{ ...persistentBuffer("tid2eid", [vocabSize, chosen]), dtype: "int64" }]
          : [persistentBuffer("e_score_correction_bias", [experts])],
        children: [leaf("score_fn", "SqrtSoftplusActivation")],
      }),
      fusedExperts({ type: `${PREFIX}Experts`, experts, hiddenSize, intermediateSize }, act),
      gatedMlp({
        name: "shared_experts",
        type: `${PREFIX}MLP`,
        hiddenSize,
        intermediateSize,
        bias: config.boolean("mlp_bias", false),
        activation: act,
      }),
    ],
  });
}
