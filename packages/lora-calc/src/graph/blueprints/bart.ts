/** BART, mBART, Pegasus, M2M-100 (also NLLB) and Marian: one frame, other norms and positions. */

import { decoderLayers, encoderLayers, readBartSizes } from "../blocks/bart-like.js";
import { encoderDecoder } from "../blocks/encoder-decoder.js";
import type { ModelClass } from "../blocks/model-classes.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  persistentBuffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
} from "../tree/vocabulary.js";

interface Kind {
  readonly modelType: string;
  readonly prefix: string;
  readonly vocabSize: number;
  readonly activation: string;
  /** Class of the word embeddings when they scale their output. */
  readonly wordType?: string;
  /** Learned positions (counted from 2), sinusoids in a parameter, or in a buffer. */
  readonly positions: "learned" | "parameter" | "buffer";
  readonly normsEmbeddings: boolean;
  readonly normsLast: boolean;
  readonly hasLogitsBias: boolean;
  readonly hasTaskHeads: boolean;
  /** Classes of a classifier when the configuration gives none. */
  readonly labels?: number;
  readonly generation: string;
  /** Path of `get_input_embeddings()` in the backbone. */
  readonly input: string;
}

/** Source: transformers models/bart/modeling_bart.py `BartLearnedPositionalEmbedding`. */
const POSITION_OFFSET = 2;

function bartLike(kind: Kind): Blueprint {
  const { modelType, prefix } = kind;
  return {
    modelType,
    build: (config, context) => {
      const sizes = readBartSizes(config, {
        hiddenSize: 1024,
        layers: 12,
        innerSize: 4096,
        activation: kind.activation,
      });
      const { hiddenSize } = sizes;
      const vocabSize = config.size("vocab_size", kind.vocabSize);
      const isTied = config.boolean("tie_word_embeddings", true);
      const places = config.size("max_position_embeddings", 1024);
      const words = (name: string, owner: string | undefined) =>
        embedding(name, vocabSize, hiddenSize, {
          ...(kind.wordType === undefined ? {} : { type: kind.wordType }),
          ...(owner === undefined || !isTied ? {} : { tiedTo: `${owner}shared.weight` }),
        });
      const stack = (name: "encoder" | "decoder", owner: string): ModuleNode =>
        container(name, `${prefix}${name === "encoder" ? "Encoder" : "Decoder"}`, {
          children: [
            words("embed_tokens", owner),
            positionsOf(kind, places, hiddenSize),
            name === "encoder"
              ? encoderLayers({ prefix }, sizes)
              : decoderLayers({ prefix }, sizes),
            kind.normsEmbeddings ? layerNorm("layernorm_embedding", hiddenSize) : undefined,
            kind.normsLast ? layerNorm("layer_norm", hiddenSize) : undefined,
          ],
        });
      const backbone = (owner: string) => [
        words("shared", undefined),
        stack("encoder", owner),
        stack("decoder", owner),
      ];
      return encoderDecoder(
        {
          modelType,
          generation: kind.generation,
          base: `${prefix}Model`,
          sizes: { layers: sizes.encoderLayers, hiddenSize, keyValueSize: hiddenSize },
          classOfTask: kind.hasTaskHeads
            ? {
                SEQ_CLS: `${prefix}ForSequenceClassification`,
                QUESTION_ANS: `${prefix}ForQuestionAnswering`,
              }
            : {},
          classes: classesOf(kind, backbone, {
            hiddenSize,
            vocabSize,
            isTied,
            labels: labelCount(config, kind.labels),
          }),
        },
        context,
      );
    },
  };
}

interface ClassSizes {
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly isTied: boolean;
  readonly labels: number;
}

type Backbone = (owner: string) => readonly ModuleNode[];

function classesOf(
  kind: Kind,
  backbone: Backbone,
  { hiddenSize, vocabSize, isTied, labels }: ClassSizes,
): Readonly<Record<string, () => ModelClass>> {
  const { prefix, input, generation, hasLogitsBias, hasTaskHeads } = kind;
  const headed = (head: ModuleNode): ModelClass => ({
    children: [container("model", `${prefix}Model`, { children: backbone("model.") }), head],
    inputEmbedding: `model.${input}`,
    tied: isTied ? tiedIn("model.") : [],
    hidesTies: true,
  });
  return {
    [`${prefix}Model`]: () => ({
      children: backbone(""),
      inputEmbedding: input,
      tied: isTied ? tiedIn("") : [],
    }),
    [generation]: () => ({
      ...headed(
        linear("lm_head", hiddenSize, vocabSize, {
          ...(isTied ? { tiedTo: "model.shared.weight" } : {}),
        }),
      ),
      buffers: hasLogitsBias ? [persistentBuffer("final_logits_bias", [1, vocabSize])] : [],
      outputEmbedding: "lm_head",
      hidesTies: false,
      tied: isTied ? [...tiedIn("model."), "lm_head.weight"] : [],
    }),
    ...(hasTaskHeads
      ? {
          [`${prefix}ForSequenceClassification`]: () =>
            headed(
              container("classification_head", `${prefix}ClassificationHead`, {
                children: [
                  linear("dense", hiddenSize, hiddenSize, { bias: true }),
                  leaf("dropout", "Dropout"),
                  linear("out_proj", hiddenSize, labels, { bias: true }),
                ],
              }),
            ),
          [`${prefix}ForQuestionAnswering`]: () =>
            headed(linear("qa_outputs", hiddenSize, 2, { bias: true })),
        }
      : {}),
  };
}

function tiedIn(owner: string): readonly string[] {
  return ["shared", "encoder.embed_tokens", "decoder.embed_tokens"].map(
    (part) => `${owner}${part}.weight`,
  );
}

function positionsOf({ prefix, positions }: Kind, places: number, hiddenSize: number): ModuleNode {
  switch (positions) {
    case "learned":
      return embedding("embed_positions", places + POSITION_OFFSET, hiddenSize, {
        type: `${prefix}LearnedPositionalEmbedding`,
      });
    case "parameter":
      return embedding("embed_positions", places, hiddenSize, {
        type: `${prefix}SinusoidalPositionalEmbedding`,
      });
    case "buffer":
      return container("embed_positions", `${prefix}SinusoidalPositionalEmbedding`, {
        buffers: [buffer("weights", [places + POSITION_OFFSET, hiddenSize])],
      });
  }
}

const SHARED = { vocabSize: 50265, activation: "gelu", input: "shared" } as const;

export const bart: Blueprint = bartLike({
  ...SHARED,
  modelType: "bart",
  prefix: "Bart",
  wordType: "BartScaledWordEmbedding",
  positions: "learned",
  normsEmbeddings: true,
  normsLast: false,
  hasLogitsBias: true,
  hasTaskHeads: true,
  labels: 3,
  generation: "BartForConditionalGeneration",
});

export const mbart: Blueprint = bartLike({
  ...SHARED,
  modelType: "mbart",
  prefix: "MBart",
  wordType: "MBartScaledWordEmbedding",
  positions: "learned",
  normsEmbeddings: true,
  normsLast: true,
  hasLogitsBias: true,
  hasTaskHeads: true,
  generation: "MBartForConditionalGeneration",
});

export const pegasus: Blueprint = bartLike({
  ...SHARED,
  modelType: "pegasus",
  prefix: "Pegasus",
  positions: "parameter",
  normsEmbeddings: false,
  normsLast: true,
  hasLogitsBias: true,
  hasTaskHeads: false,
  generation: "PegasusForConditionalGeneration",
});

export const m2m100: Blueprint = bartLike({
  modelType: "m2m_100",
  prefix: "M2M100",
  vocabSize: 128112,
  activation: "relu",
  input: "shared",
  wordType: "M2M100ScaledWordEmbedding",
  positions: "buffer",
  normsEmbeddings: false,
  normsLast: true,
  hasLogitsBias: false,
  hasTaskHeads: false,
  generation: "M2M100ForConditionalGeneration",
});

export const marian: Blueprint = bartLike({
  ...SHARED,
  modelType: "marian",
  prefix: "Marian",
  vocabSize: 58101,
  positions: "parameter",
  normsEmbeddings: false,
  normsLast: false,
  hasLogitsBias: true,
  hasTaskHeads: false,
  generation: "MarianMTModel",
  input: "encoder.embed_tokens",
});
