/** RoBERTa and its kin in other languages: BERT with other heads. */

import { bertEmbeddings, bertLayer, bertPooler, readBertSizes } from "../blocks/bert-like.js";
import {
  classifierDropout,
  embeddingOf,
  encoderModel,
  sequenceClassifier,
} from "../blocks/encoder-model.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

interface Kind {
  readonly modelType: string;
  readonly prefix: string;
  readonly vocabSize: number;
  readonly headsFirst: boolean;
}

function robertaLike({ modelType, prefix, vocabSize: usual, headsFirst }: Kind): Blueprint {
  return {
    modelType,
    build: (config, context) => {
      const sizes = readBertSizes(config, { hiddenSize: 768, intermediateSize: 3072, layers: 12 });
      const { hiddenSize } = sizes;
      const vocabSize = config.size("vocab_size", usual);
      const tied = config.boolean("tie_word_embeddings", true);
      const word = embeddingOf("roberta", "embeddings.word_embeddings");
      const lmHead = container("lm_head", `${prefix}LMHead`, {
        forward: { kind: "used_by_parent" },
        parameters: [{ name: "bias", shape: [vocabSize] }],
        children: [
          linear("dense", hiddenSize, hiddenSize, { bias: true }),
          layerNorm("layer_norm", hiddenSize),
          linear("decoder", hiddenSize, vocabSize, {
            bias: true,
            ...(tied ? { tiedTo: `${word}.weight`, biasTiedTo: "lm_head.bias" } : {}),
          }),
        ],
      });
      const layer = bertLayer({ prefix }, sizes, config);
      return encoderModel(
        {
          modelType,
          prefix,
          backbone: "roberta",
          wordEmbedding: "embeddings.word_embeddings",
          ...sizes,
          tied,
          headsFirst,
          children: (hasPooler) => [
            bertEmbeddings({ prefix, width: hiddenSize, vocabSize, positionsLast: true }, config),
            container("encoder", `${prefix}Encoder`, {
              forward: { kind: "encoder_layers", layers: "layer" },
              children: [repeated("layer", sizes.layers, layer)],
            }),
            hasPooler ? bertPooler(prefix, hiddenSize) : undefined,
          ],
          encoder: { kind: "text_encoder", embeddings: "embeddings", encoder: "encoder" },
          maskedLm: {
            forward: {
              kind: "masked_lm",
              ...{ encoder: "roberta", head: "lm_head", dense: "dense", activation: "gelu" },
              ...{ norm: "layer_norm", decoder: "decoder" },
            },
            output: "lm_head.decoder",
            sharedBias: "lm_head.bias",
            behind: [lmHead],
          },
          sequenceClassification: {
            ...sequenceClassifier(config, { encoder: "roberta", classifier: "classifier" }),
            behind: [
              container("classifier", `${prefix}ClassificationHead`, {
                forward: {
                  kind: "classification_head",
                  ...{ dense: "dense", output: "out_proj", dropout: classifierDropout(config) },
                },
                children: [
                  linear("dense", hiddenSize, hiddenSize, { bias: true }),
                  leaf("dropout", "Dropout"),
                  linear("out_proj", hiddenSize, labelCount(config), { bias: true }),
                ],
              }),
            ],
          },
        },
        config,
        context,
      );
    },
  };
}

export const roberta: Blueprint = robertaLike({
  modelType: "roberta",
  prefix: "Roberta",
  vocabSize: 50265,
  headsFirst: false,
});

export const xlmRoberta: Blueprint = robertaLike({
  modelType: "xlm-roberta",
  prefix: "XLMRoberta",
  vocabSize: 30522,
  headsFirst: true,
});

export const camembert: Blueprint = robertaLike({
  modelType: "camembert",
  prefix: "Camembert",
  vocabSize: 30522,
  headsFirst: true,
});
