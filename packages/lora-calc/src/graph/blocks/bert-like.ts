/** The layer that BERT and its kin share: attention and feed-forward, each with a norm behind its output. */

import type { Config } from "../../model/config.js";
import type { DisentangledAttentionForward } from "../tree/encoder-forward.js";
import type { AttentionForward } from "../tree/forward.js";
import type { Child, ModuleNode } from "../tree/module-graph.js";
import { buffer, container, embedding, layerNorm, leaf, linear } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

export interface BertSizes {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
}

export function readBertSizes(
  config: Config,
  { hiddenSize, intermediateSize, layers }: BertSizes,
): BertSizes {
  return {
    hiddenSize: config.size("hidden_size", hiddenSize),
    intermediateSize: config.size("intermediate_size", intermediateSize),
    layers: config.layerCount("num_hidden_layers", layers),
  };
}

export interface BertLayer {
  readonly prefix: string;
  /** Class of the attention itself. Default: `${prefix}SelfAttention`. */
  readonly selfType?: string;
  readonly projections?: readonly [string, string, string];
  /** Modules of the attention behind its projections. Default: a dropout. */
  readonly behindProjections?: readonly ModuleNode[];
  /** How an attention of its own computes, where that is known. */
  readonly attention?: DisentangledAttentionForward;
}

/** `attention.self`, `attention.output`, `intermediate`, `output`. */
export function bertLayer(
  { prefix, selfType, projections, behindProjections, attention: own }: BertLayer,
  { hiddenSize, intermediateSize }: BertSizes,
  config: Config,
): ModuleNode {
  const names = projections ?? ["query", "key", "value"];
  const isUsual = projections === undefined && behindProjections === undefined;
  const act = activation(config, "hidden_act", "gelu");
  const dropout = config.number("hidden_dropout_prob", 0.1);
  const attention = isUsual ? selfAttention(config, hiddenSize) : own;
  const runs = attention !== undefined && !config.boolean("is_decoder", false);
  return container("0", `${prefix}Layer`, {
    ...(runs ? { forward: LAYER } : {}),
    children: [
      container("attention", `${prefix}Attention`, {
        ...(runs ? { forward: ATTENTION } : {}),
        children: [
          container("self", selfType ?? `${prefix}SelfAttention`, {
            ...(attention === undefined ? {} : { forward: attention }),
            children: [
              ...names.map((name) => linear(name, hiddenSize, hiddenSize, { bias: true })),
              ...(behindProjections ?? [leaf("dropout", "Dropout")]),
            ],
          }),
          outputOf(`${prefix}SelfOutput`, [hiddenSize, hiddenSize], dropout),
        ],
      }),
      container("intermediate", `${prefix}Intermediate`, {
        forward: {
          kind: "intermediate",
          ...{ dense: "dense", activation: act, activationName: "intermediate_act_fn" },
        },
        children: [
          linear("dense", hiddenSize, intermediateSize, { bias: true }),
          activationModule("intermediate_act_fn", act),
        ],
      }),
      outputOf(`${prefix}Output`, [intermediateSize, hiddenSize], dropout),
    ],
  });
}

const LAYER = {
  kind: "encoder_layer",
  ...{ attention: "attention", intermediate: "intermediate", output: "output" },
} as const;

const ATTENTION = { kind: "summed_attention", attention: "self", output: "output" } as const;

/** Undefined where the heads do not share the width evenly, at which the class stops. */
function selfAttention(config: Config, hiddenSize: number): AttentionForward | undefined {
  const heads = config.size("num_attention_heads", 12);
  if (hiddenSize % heads !== 0) return undefined;
  return {
    kind: "attention",
    isBidirectional: true,
    projections: { kind: "separate", query: "query", key: "key", value: "value" },
    ...{ heads, keyValueHeads: heads },
    headDim: hiddenSize / heads,
    attentionDropout: config.number("attention_probs_dropout_prob", 0.1),
  };
}

/** A projection, the norm of its sum with the input, a dropout. */
function outputOf(
  type: string,
  [inFeatures, hiddenSize]: readonly [number, number],
  dropout: number,
): ModuleNode {
  return container("output", type, {
    forward: { kind: "summed_output", dense: "dense", norm: "LayerNorm", dropout },
    children: [
      linear("dense", inFeatures, hiddenSize, { bias: true }),
      layerNorm("LayerNorm", hiddenSize),
      leaf("dropout", "Dropout"),
    ],
  });
}

export interface BertEmbeddings {
  readonly prefix: string;
  readonly width: number;
  /** Default: BERT's. */
  readonly vocabSize?: number;
  /** RoBERTa registers its positions behind the dropout. */
  readonly positionsLast?: boolean;
}

/** Words, positions and segments, all added; a norm and a dropout. */
export function bertEmbeddings(
  { prefix, width, vocabSize, positionsLast = false }: BertEmbeddings,
  config: Config,
): ModuleNode {
  const positions = config.size("max_position_embeddings", 512);
  const segments = embedding("token_type_embeddings", config.size("type_vocab_size", 2), width);
  const places = embedding("position_embeddings", positions, width);
  const rows = vocabSize ?? config.size("vocab_size", DEFAULT_VOCABULARY);
  const words = embedding("word_embeddings", rows, width);
  const tail: readonly Child[] = [layerNorm("LayerNorm", width), leaf("dropout", "Dropout")];
  return container("embeddings", `${prefix}Embeddings`, {
    forward: {
      kind: "text_embeddings",
      ...{ words: "word_embeddings", positions: "position_embeddings" },
      ...{ segments: "token_type_embeddings", norm: "LayerNorm" },
      dropout: config.number("hidden_dropout_prob", 0.1),
      places: positionsLast ? "counted" : "buffer",
      unusedPositions: positionsLast ? config.integer("pad_token_id", 1) + 1 : 0,
    },
    buffers: [
      buffer("position_ids", [1, positions], "int64"),
      buffer("token_type_ids", [1, positions], "int64"),
    ],
    children: positionsLast
      ? [words, segments, ...tail, places]
      : [words, places, segments, ...tail],
  });
}

const DEFAULT_VOCABULARY = 30522;

/** The hidden state of the first token through a layer and tanh. */
export function bertPooler(prefix: string, hiddenSize: number): ModuleNode {
  return container("pooler", `${prefix}Pooler`, {
    forward: { kind: "pooler", dense: "dense" },
    children: [linear("dense", hiddenSize, hiddenSize, { bias: true }), leaf("activation", "Tanh")],
  });
}

export interface PredictionHead {
  /** Start of its class names. */
  readonly prefix: string;
  readonly hiddenSize: number;
  readonly width: number;
  /** Path of the embedding that the decoder shares. */
  readonly tiedTo: string | undefined;
  /** Default: BERT's. */
  readonly vocabSize?: number;
  /** Heads of pre-training also tell whether two sentences belong together. */
  readonly relates?: boolean;
}

/** BERT's head of masked language models: `cls.predictions`. */
export function predictionHead(
  { prefix, hiddenSize, width, tiedTo, vocabSize: given, relates = false }: PredictionHead,
  config: Config,
): ModuleNode {
  const vocabSize = given ?? config.size("vocab_size", DEFAULT_VOCABULARY);
  return container("cls", `${prefix}${relates ? "PreTrainingHeads" : "OnlyMLMHead"}`, {
    children: [
      container("predictions", `${prefix}LMPredictionHead`, {
        forward: { kind: "used_by_parent" },
        parameters: [{ name: "bias", shape: [vocabSize] }],
        children: [
          container("transform", `${prefix}PredictionHeadTransform`, {
            children: [
              linear("dense", hiddenSize, width, { bias: true }),
              activationModule("transform_act_fn", activation(config, "hidden_act", "gelu")),
              layerNorm("LayerNorm", width),
            ],
          }),
          linear("decoder", width, vocabSize, {
            bias: true,
            ...(tiedTo === undefined
              ? {}
              : { tiedTo: `${tiedTo}.weight`, biasTiedTo: "cls.predictions.bias" }),
          }),
        ],
      }),
      ...(relates ? [linear("seq_relationship", hiddenSize, 2, { bias: true })] : []),
    ],
  });
}
