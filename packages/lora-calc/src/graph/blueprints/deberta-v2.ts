/** DeBERTa-v2 and v3: attention to contents and to relative positions apart. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { bertLayer, predictionHead, readBertSizes } from "../blocks/bert-like.js";
import { embeddingOf, encoderModel, sequenceClassifier } from "../blocks/encoder-model.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import type {
  DisentangledAttentionForward,
  RelativeLayersForward,
} from "../tree/encoder-forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  conv,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";

const VOCABULARY = 128100;
const PREFIX = "DebertaV2";

export const debertaV2: Blueprint = {
  modelType: "deberta-v2",
  build: (config, context) => {
    const sizes = readBertSizes(config, { hiddenSize: 1536, intermediateSize: 6144, layers: 24 });
    const { hiddenSize } = sizes;
    const width = config.optionalSize("embedding_size") ?? hiddenSize;
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("deberta", "embeddings.word_embeddings");
    const pooled = config.optionalSize("pooler_hidden_size") ?? hiddenSize;
    const attention = attentionForward(config, hiddenSize);
    const hasProgram = attention !== undefined && readsWordsAlone(config, width, hiddenSize);
    const layer = bertLayer(
      {
        prefix: PREFIX,
        selfType: "DisentangledSelfAttention",
        projections: ["query_proj", "key_proj", "value_proj"],
        behindProjections: positionModules(config, hiddenSize),
        ...(hasProgram ? { attention } : {}),
      },
      sizes,
      config,
    );
    return encoderModel(
      {
        modelType: "deberta-v2",
        prefix: PREFIX,
        backbone: "deberta",
        wordEmbedding: "embeddings.word_embeddings",
        ...sizes,
        tied,
        ...(hasProgram ? { encoder: ENCODER } : {}),
        children: () => [
          embeddings(config, width, hiddenSize),
          container("encoder", "DebertaV2Encoder", {
            forward: layersForward(config),
            children: [repeated("layer", sizes.layers, layer), ...encoderTail(config, hiddenSize)],
          }),
        ],
        maskedLm: {
          output: "cls.predictions.decoder",
          sharedBias: "cls.predictions.bias",
          behind: [
            predictionHead(
              {
                prefix: `Legacy${PREFIX}`,
                hiddenSize,
                width,
                vocabSize: config.size("vocab_size", VOCABULARY),
                tiedTo: tied ? word : undefined,
              },
              config,
            ),
          ],
        },
        sequenceClassification: {
          behind: [
            container("pooler", "ContextPooler", {
              forward: {
                ...{ kind: "context_pooler", dense: "dense" },
                activation: activation(config, "pooler_hidden_act", "gelu"),
                dropout: config.number("pooler_dropout", 0),
              },
              children: [
                linear("dense", pooled, pooled, { bias: true }),
                leaf("dropout", "Dropout"),
              ],
            }),
            linear("classifier", pooled, labelCount(config), { bias: true }),
            leaf("dropout", "Dropout"),
          ],
          ...(hasProgram
            ? sequenceClassifier(
                config,
                { encoder: "deberta", classifier: "classifier", contextPooler: "pooler" },
                classDropout(config),
              )
            : {}),
        },
      },
      config,
      context,
    );
  },
};

const ENCODER = {
  kind: "disentangled_encoder",
  ...{ embeddings: "embeddings", encoder: "encoder" },
} as const;

function classDropout(config: Config): number {
  const hidden = config.number("hidden_dropout_prob", 0.1);
  return config.isNull("cls_dropout") ? hidden : config.number("cls_dropout", hidden);
}

/** Neither positions nor segments are added to the words, as in version 3; a convolution keeps the length and reads all channels. */
function readsWordsAlone(config: Config, width: number, hiddenSize: number): boolean {
  const kernel = config.integer("conv_kernel_size", 0);
  return (
    !config.boolean("position_biased_input", true) &&
    config.integer("type_vocab_size", 0) === 0 &&
    (kernel === 0 || (kernel % 2 === 1 && config.integer("conv_groups", 1) === 1)) &&
    width === hiddenSize
  );
}

/** Undefined where no distances are attended to, or the heads do not share the width evenly. */
function attentionForward(
  config: Config,
  hiddenSize: number,
): DisentangledAttentionForward | undefined {
  const heads = config.size("num_attention_heads", 24);
  const kinds = positionKinds(config);
  const isRelative = config.boolean("relative_attention", false);
  const headSize = config.optionalSize("attention_head_size") ?? hiddenSize / heads;
  const [toKeys, toQueries] = [kinds.includes("c2p"), kinds.includes("p2c")];
  if (!isRelative || !(toKeys || toQueries) || headSize * heads !== hiddenSize) return undefined;
  const sharesProjections = config.boolean("share_att_key", false);
  return {
    kind: "disentangled_attention",
    ...{ query: "query_proj", key: "key_proj", value: "value_proj", heads, sharesProjections },
    ...(toKeys ? { distanceKey: sharesProjections ? "key_proj" : "pos_key_proj" } : {}),
    ...(toQueries ? { distanceQuery: sharesProjections ? "query_proj" : "pos_query_proj" } : {}),
    attentionDropout: config.number("attention_probs_dropout_prob", 0.1),
    distanceDropout: config.number("hidden_dropout_prob", 0.1),
  };
}

function layersForward(config: Config): RelativeLayersForward {
  return {
    ...{ kind: "relative_layers", layers: "layer", table: "rel_embeddings" },
    ...(isNormed(config) ? { norm: "LayerNorm" } : {}),
    countsBuckets: config.number("position_buckets", -1) > 0,
    ...(config.integer("conv_kernel_size", 0) > 0 ? { convolution: "conv" } : {}),
  };
}

function isNormed(config: Config): boolean {
  return config.string("norm_rel_ebd", "none").toLowerCase().includes("layer_norm");
}

function embeddings(config: Config, width: number, hiddenSize: number): ModuleNode {
  const positions = config.size("max_position_embeddings", 512);
  const segments = config.integer("type_vocab_size", 0);
  return container("embeddings", "DebertaV2Embeddings", {
    forward: {
      ...{ kind: "masked_embeddings", words: "word_embeddings", norm: "LayerNorm" },
      dropout: config.number("hidden_dropout_prob", 0.1),
    },
    buffers: [buffer("position_ids", [1, positions], "int64")],
    children: [
      embedding("word_embeddings", config.size("vocab_size", VOCABULARY), width),
      ...(config.boolean("position_biased_input", true)
        ? [embedding("position_embeddings", positions, width)]
        : []),
      ...(segments === 0 ? [] : [embedding("token_type_embeddings", segments, width)]),
      ...(width === hiddenSize ? [] : [linear("embed_proj", width, hiddenSize)]),
      layerNorm("LayerNorm", hiddenSize),
      leaf("dropout", "Dropout"),
    ],
  });
}

/** Projections of positions stand beside those of contents unless they share them. */
function positionModules(config: Config, hiddenSize: number): readonly ModuleNode[] {
  const dropout = leaf("dropout", "Dropout");
  if (!config.boolean("relative_attention", false)) return [dropout];
  const kinds = positionKinds(config);
  const isShared = config.boolean("share_att_key", false);
  const projection = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
  return [
    leaf("pos_dropout", "Dropout"),
    ...(!isShared && kinds.includes("c2p") ? [projection("pos_key_proj")] : []),
    ...(!isShared && kinds.includes("p2c") ? [projection("pos_query_proj")] : []),
    dropout,
  ];
}

/** A list, or its entries joined by `|`. */
function positionKinds(config: Config): readonly string[] {
  return Array.isArray(config.fields.get("pos_att_type"))
    ? (config.stringList("pos_att_type") ?? [])
    : config.string("pos_att_type", "").toLowerCase().split("|");
}

/** The encoder reads its weight, past any adapter. */
const USED = { kind: "used_by_parent" } as const;

function encoderTail(config: Config, hiddenSize: number): readonly ModuleNode[] {
  const kernel = config.integer("conv_kernel_size", 0);
  const given = config.number("max_relative_positions", -1);
  const distances = given < 1 ? config.size("max_position_embeddings", 512) : given;
  const buckets = config.number("position_buckets", -1);
  const rows = 2 * (buckets > 0 ? buckets : distances);
  return [
    ...(config.boolean("relative_attention", false)
      ? [{ ...embedding("rel_embeddings", rows, hiddenSize), forward: USED }]
      : []),
    ...(isNormed(config) ? [layerNorm("LayerNorm", hiddenSize)] : []),
    ...(kernel > 0
      ? [
          container("conv", "ConvLayer", {
            forward: {
              ...{ kind: "convolution_layer", convolution: "conv", norm: "LayerNorm" },
              activation: activation(config, "conv_act", "tanh"),
              dropout: config.number("hidden_dropout_prob", 0.1),
            },
            children: [
              {
                ...conv("conv", [hiddenSize, hiddenSize], [kernel], {
                  groups: config.size("conv_groups", 1),
                }),
                forward: USED,
              },
              layerNorm("LayerNorm", hiddenSize),
              leaf("dropout", "Dropout"),
            ],
          }),
        ]
      : []),
  ];
}
