/** BART, mBART, Pegasus, M2M-100 (also NLLB) and Marian: one frame, other norms and positions. */

import {
  decoderLayers,
  encoderLayers,
  readBartProgram,
  readBartSizes,
} from "../blocks/bart-like.js";
import type { BartProgram } from "../blocks/bart-like.js";
import { positionsOf, stackForward, wordsForward } from "../blocks/bart-stack.js";
import type { BartStackKind } from "../blocks/bart-stack.js";
import { encoderDecoder } from "../blocks/encoder-decoder.js";
import type { ModelClass } from "../blocks/model-classes.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  persistentBuffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
} from "../tree/vocabulary.js";

interface Kind extends BartStackKind {
  readonly modelType: string;
  readonly vocabSize: number;
  readonly activation: string;
  /** Layers have their norms before attention and MLP, rather than behind the sums. */
  readonly normsFirst: boolean;
  readonly hasLogitsBias: boolean;
  readonly hasTaskHeads: boolean;
  /** Classes of a classifier when the configuration gives none. */
  readonly labels?: number;
  readonly generation: string;
  /** Path of `get_input_embeddings()` in the backbone. */
  readonly input: string;
}

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
      const program = readBartProgram(config, kind.normsFirst);
      const layersOf = { prefix, ...(isEven(program, hiddenSize) ? { program } : {}) };
      const words = (name: string, owner: string | undefined): ModuleNode => ({
        ...embedding(name, vocabSize, hiddenSize, {
          ...(kind.wordType === undefined ? {} : { type: kind.wordType }),
          ...(owner === undefined || !isTied ? {} : { tiedTo: `${owner}shared.weight` }),
        }),
        ...wordsForward(kind, name),
      });
      const stack = (name: "encoder" | "decoder", owner: string): ModuleNode =>
        container(name, `${prefix}${name === "encoder" ? "Encoder" : "Decoder"}`, {
          forward: stackForward(kind, name === "decoder", program.dropout),
          children: [
            words("embed_tokens", owner),
            positionsOf(kind, places, hiddenSize),
            name === "encoder" ? encoderLayers(layersOf, sizes) : decoderLayers(layersOf, sizes),
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

function isEven({ heads }: BartProgram, hiddenSize: number): boolean {
  return heads.every((each) => hiddenSize % each === 0);
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
      buffers: hasLogitsBias ? [persistentBuffer(LOGITS_BIAS, [1, vocabSize], "model")] : [],
      forward: {
        ...{ kind: "encoder_decoder", encoder: "model.encoder", decoder: "model.decoder" },
        head: "lm_head",
        ...(hasLogitsBias ? { logitsBias: LOGITS_BIAS } : {}),
      },
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

const LOGITS_BIAS = "final_logits_bias";

function tiedIn(owner: string): readonly string[] {
  return ["shared", "encoder.embed_tokens", "decoder.embed_tokens"].map(
    (part) => `${owner}${part}.weight`,
  );
}

const SHARED = { vocabSize: 50265, activation: "gelu", input: "shared" } as const;

export const bart: Blueprint = bartLike({
  ...SHARED,
  modelType: "bart",
  normsFirst: false,
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
  keepsOnes: true,
  rebindsRange: true,
  normsFirst: true,
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
  keepsOnes: true,
  scalesWords: true,
  normsFirst: true,
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
  normsFirst: true,
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
  keepsOnes: true,
  rebindsRange: true,
  scalesWords: true,
  normsFirst: false,
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
