/** The tree that most dense decoders share: separate projections, gated MLP, two RMSNorms before their sublayers. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type {
  DecoderForward,
  QueryKeyNormPlace,
  RmsNormVariant,
  RotaryVariant,
} from "../tree/forward.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, embedding, repeatedBy, rmsNorm } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { groupedQueryAttention } from "./attention.js";
import { languageModel, USUAL_DECODER } from "./language-model.js";
import type { LanguageModelParts } from "./language-model.js";
import { gatedMlp } from "./mlp.js";
import { normNames } from "./norm-positions.js";
import type { NormNames, NormPosition } from "./norm-positions.js";
import { rotaryEmbedding } from "./rotary.js";

export interface LlamaLike {
  readonly modelType: string;
  readonly prefix: string;
  readonly defaults: {
    readonly vocabSize: number;
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    readonly layers: number;
    readonly heads: number;
    /** Default of the class; absent = as many as query heads. */
    readonly keyValueHeads?: number;
    /** Default of the class; absent = hidden_size / heads. */
    readonly headDim?: number;
  };
  /** The class divides the hidden size by the heads whatever `head_dim` says. */
  readonly ignoresHeadDim?: boolean;
  /** Bias on q, k, v and o, or on q, k, v only. */
  readonly attentionBias?: boolean | "query_key_value";
  /** Bias of o alone, where it has a switch of its own (seed_oss). */
  readonly outputBias?: boolean;
  /** The output projection is (hidden, hidden) whatever the heads give (helium). */
  readonly squareOutput?: boolean;
  readonly mlpBias?: boolean;
  /** On what attention and MLP give (seed_oss, starcoder2); `makeMlp` sees to its own. */
  readonly sublayerDropout?: number;
  /** Default of the class for `attention_dropout`. Default: 0. */
  readonly attentionDropout?: number;
  /** On the embedded tokens (starcoder2). */
  readonly embeddingDropout?: number;
  /** Class of the MLP when it is another family's. */
  readonly mlpType?: string;
  readonly tied: boolean;
  /** RMSNorm on every query and key head (qwen3) or on the whole projection (olmo2). */
  readonly queryKeyNorm?: QueryKeyNormPlace;
  readonly norm?: RmsNormVariant;
  /**
   * Where the block's norms stand: before each sublayer (llama), after it (olmo2), or both (gemma2).
   * Default: before.
   */
  readonly normPosition?: NormPosition | NormNames;
  readonly rotary?: RotaryVariant;
  /** Layers without rotary embedding (smollm3): true where the layer rotates. */
  readonly rotates?: (index: number) => boolean;
  /** Window of a layer, undefined where attention is full. */
  readonly slidingWindow?: (index: number) => number | undefined;
  readonly layerTypes?: readonly ("full_attention" | "sliding_attention")[];
  /** Window of a sliding mask that the decoder makes though no layer uses it (qwen2_moe). */
  readonly unusedWindow?: number;
  /** The decoder multiplies the embedding by a number (granite, gemma 1). */
  readonly scaledEmbedding?: boolean;
  /** The embedding class multiplies its own output (gemma 2 and later). */
  readonly embeddingType?: string;
  /** Field of the activation's name, and the class default. */
  readonly activation?: { readonly field: string; readonly fallback: string };
  /** Queries are multiplied by a factor per position (ministral3). */
  readonly scalesByPosition?: boolean;
  /** The eager attention kernel caps its scores (gemma2). */
  readonly softcappedAttention?: boolean;
  readonly softcappedLogits?: boolean;
  readonly rotaryPerLayerType?: boolean;
  /** Name of the backbone class when it is not `${prefix}Model` (gemma3). */
  readonly backboneType?: string;
  /** Class of the rotary embedding when it is not `${prefix}RotaryEmbedding`. */
  readonly rotaryType?: string;
  readonly taskPrefix?: string;
  readonly taskHeads?: LanguageModelParts["taskHeads"];
  readonly questionAnsweringBackbone?: string;
  readonly scaledResidual?: boolean;
  readonly scaledLogits?: boolean;
  readonly headBias?: boolean;
  /** Norms that are not the RMSNorm of the family. */
  readonly makeNorm?: (name: string, size: number) => ModuleNode;
  /** Norms of queries and keys (per head count), where they are not given by `queryKeyNorm`. Counted only. */
  readonly attentionTail?: (sizes: Sizes) => readonly ModuleNode[];
  /** Attention that is not four projections of heads (deepseek). Counted only. */
  readonly makeAttention?: (sizes: Sizes, index: number) => ModuleNode | undefined;
  /** The query projection makes a gate for the output too (qwen3_next). Counted only. */
  readonly gatedQuery?: boolean;
  /** MLPs that are not `down(act(gate(x)) * up(x))`. */
  readonly makeMlp?: (
    hiddenSize: number,
    intermediateSize: number,
    index: number,
  ) => ModuleNode | undefined;
  /** What tells layers apart beside rotation and window: dense ones among experts. */
  readonly layerKey?: (index: number) => string;
  /** A score per head takes a share of every softmax (gpt_oss). */
  readonly sinks?: boolean;
  /** Norms of a layer in the order of its constructor, where no `normPosition` has them. Counted only. */
  readonly layerNorms?: readonly string[];
  /** The layer has no `mlp` of its own: what takes its place stands in `layerTail` (granitemoe). Counted only. */
  readonly hasNoMlp?: boolean;
  /** Modules behind the norms of a layer: dropouts, experts. Counted only. */
  readonly layerTail?: (sizes: Sizes) => readonly ModuleNode[];
  /** The module of rotary tables, where it is not one table. Counted only. */
  readonly makeRotary?: (sizes: Sizes) => ModuleNode;
  /** Rotated share of a head. Default: all of it. */
  readonly rotaryShare?: number;
  /** Width of keys and values as PEFT shapes prefixes, where it does not find head_dim. Default: kv heads · head_dim. */
  readonly keyValueSize?: (sizes: Sizes, config: Config) => number;
  /** The tree is known, how it computes is not: it can be counted and stored, not run. */
  readonly isCountedOnly?: boolean;
}

/** Sizes that several parts of the tree need, read once. */
export interface Sizes {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly layers: number;
  readonly vocabSize: number;
}

export function llamaLike(family: LlamaLike, config: Config, context: BuildContext): ModuleGraph {
  return languageModel(llamaParts(family, config), config, context);
}

/** The backbone and what heads need, for models that hold it inside another (vision-language). */
export function llamaParts(family: LlamaLike, config: Config): LanguageModelParts {
  const { prefix } = family;
  const sizes = readSizes(family, config);
  const { hiddenSize, vocabSize, headDim } = sizes;
  const keyOf = (index: number): string =>
    `${family.rotates?.(index) ?? true} ${family.slidingWindow?.(index) ?? "full"} ${family.layerKey?.(index) ?? ""}`;
  const layerTypes = family.layerTypes;
  return {
    modelType: family.modelType,
    prefix,
    backbone: "model",
    hiddenSize,
    keyValueSize: family.keyValueSize?.(sizes, config) ?? sizes.keyValueHeads * headDim,
    vocabSize,
    tied: family.tied,
    forward: decoderForward(family),
    children: [
      embedding(
        "embed_tokens",
        vocabSize,
        hiddenSize,
        family.embeddingType === undefined ? {} : { type: family.embeddingType, scaled: true },
      ),
      repeatedBy("layers", sizes.layers, keyOf, (_, index) =>
        decoderLayer(family, sizes, config, index),
      ),
      norm(family, "norm", hiddenSize),
      family.makeRotary?.(sizes) ??
        rotaryEmbedding(
          family.rotaryType ?? `${prefix}RotaryEmbedding`,
          rotaryDim(family, headDim),
          {
            ...(family.rotary?.endsWith("fp32") === true ? { keepsFp32: true } : {}),
            ...(family.rotaryPerLayerType === true && layerTypes !== undefined
              ? { perLayerType: [...new Set(layerTypes)].sort() }
              : {}),
          },
        ),
    ],
    ...(family.backboneType === undefined ? {} : { backboneType: family.backboneType }),
    ...(family.taskPrefix === undefined ? {} : { taskPrefix: family.taskPrefix }),
    ...(family.taskHeads === undefined ? {} : { taskHeads: family.taskHeads }),
    ...(family.questionAnsweringBackbone === undefined
      ? {}
      : { questionAnsweringBackbone: family.questionAnsweringBackbone }),
    ...(family.scaledLogits === true ? { scaledLogits: true } : {}),
    ...(family.headBias === true ? { headBias: true } : {}),
    ...(family.softcappedLogits === true ? { softcap: true } : {}),
    ...(family.isCountedOnly === true ? { isCountedOnly: true } : {}),
  };
}

function decoderForward(family: LlamaLike): DecoderForward {
  const { layerTypes, scaledEmbedding, embeddingDropout, unusedWindow } = family;
  return {
    ...USUAL_DECODER,
    ...(scaledEmbedding === true ? { scaledEmbedding: true } : {}),
    ...(embeddingDropout === undefined ? {} : { embeddingDropout }),
    ...(layerTypes === undefined ? {} : { layerTypes }),
    ...(unusedWindow === undefined ? {} : { unusedWindow }),
  };
}

function readSizes({ defaults, ignoresHeadDim = false }: LlamaLike, config: Config): Sizes {
  const hiddenSize = config.size("hidden_size", defaults.hiddenSize);
  const heads = config.size("num_attention_heads", defaults.heads);
  const keyValueHeads = config.isNull("num_key_value_heads")
    ? heads
    : config.size("num_key_value_heads", defaults.keyValueHeads ?? heads);
  return {
    hiddenSize,
    heads,
    keyValueHeads,
    headDim:
      (ignoresHeadDim ? undefined : config.optionalSize("head_dim")) ??
      defaults.headDim ??
      config.divide("hidden_size", hiddenSize, heads),
    layers: config.layerCount("num_hidden_layers", defaults.layers),
    vocabSize: config.size("vocab_size", defaults.vocabSize),
    intermediateSize: config.size("intermediate_size", defaults.intermediateSize),
  };
}

function rotaryDim({ rotaryShare = 1 }: LlamaLike, headDim: number): number {
  return Math.floor(headDim * rotaryShare);
}

function norm(family: LlamaLike, name: string, size: number): ModuleNode {
  if (family.makeNorm !== undefined) return family.makeNorm(name, size);
  return rmsNorm(name, `${family.prefix}RMSNorm`, size, family.norm ?? "scale_after_cast");
}

function decoderLayer(family: LlamaLike, sizes: Sizes, config: Config, index: number): ModuleNode {
  const { prefix } = family;
  const { hiddenSize, intermediateSize } = sizes;
  const norms = normNames(family.normPosition ?? "before");
  const { field, fallback } = family.activation ?? { field: "hidden_act", fallback: "silu" };
  return container(String(index), `${prefix}DecoderLayer`, {
    forward: {
      kind: "decoder_layer",
      attention: "self_attn",
      mlp: "mlp",
      ...norms,
      ...(family.scaledResidual === true ? { scaledResidual: true } : {}),
    },
    children: [
      family.makeAttention?.(sizes, index) ?? selfAttention(family, sizes, config, index),
      family.hasNoMlp === true
        ? undefined
        : (family.makeMlp?.(hiddenSize, intermediateSize, index) ??
          gatedMlp({
            type: family.mlpType ?? `${prefix}MLP`,
            hiddenSize,
            intermediateSize,
            bias: family.mlpBias ?? false,
            activation: activation(config, field, fallback),
            ...(family.sublayerDropout === undefined ? {} : { dropout: family.sublayerDropout }),
          })),
      ...(family.layerNorms ?? Object.values(norms)).map((name) => norm(family, name, hiddenSize)),
      ...(family.layerTail?.(sizes) ?? []),
    ],
  });
}

function selfAttention(family: LlamaLike, sizes: Sizes, config: Config, index: number): ModuleNode {
  const { hiddenSize, heads, keyValueHeads, headDim } = sizes;
  const window = family.slidingWindow?.(index);
  const normed = family.queryKeyNorm;
  const queryWidth = normed === "projection" ? heads * headDim : headDim;
  const keyWidth = normed === "projection" ? keyValueHeads * headDim : headDim;
  return groupedQueryAttention({
    type: `${family.prefix}Attention`,
    hiddenSize,
    heads,
    keyValueHeads,
    headDim,
    queryKeyValueBias: family.attentionBias !== undefined && family.attentionBias !== false,
    outputBias: family.outputBias ?? family.attentionBias === true,
    ...(family.gatedQuery === true ? { queryWidth: 2 * heads * headDim } : {}),
    ...(family.squareOutput === true ? { outputWidth: hiddenSize } : {}),
    attentionDropout: config.number("attention_dropout", family.attentionDropout ?? 0),
    ...(family.sublayerDropout === undefined ? {} : { outputDropout: family.sublayerDropout }),
    ...(family.rotates?.(index) === false ? {} : { rotary: family.rotary ?? "full" }),
    ...(window === undefined ? {} : { slidingWindow: window }),
    ...(family.softcappedAttention === true ? { softcap: true } : {}),
    ...(family.scalesByPosition === true ? { scalesByPosition: true } : {}),
    ...(normed === undefined
      ? {}
      : {
          queryKeyNorm: {
            on: normed,
            nodes: [norm(family, "q_norm", queryWidth), norm(family, "k_norm", keyWidth)],
          },
        }),
    ...(family.sinks === true ? { sinks: true } : {}),
    ...(family.attentionTail === undefined ? {} : { tail: family.attentionTail(sizes) }),
  });
}
