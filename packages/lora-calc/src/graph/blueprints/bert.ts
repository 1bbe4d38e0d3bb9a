/** BERT. */

import { activation } from "../blocks/activation.js";
import {
  bertEmbeddings,
  bertLayer,
  bertPooler,
  predictionHead,
  readBertSizes,
} from "../blocks/bert-like.js";
import {
  classifier,
  embeddingOf,
  encoderModel,
  sequenceClassifier,
} from "../blocks/encoder-model.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, repeated } from "../tree/vocabulary.js";

export const bert: Blueprint = {
  modelType: "bert",
  build: (config, context) => {
    const sizes = readBertSizes(config, { hiddenSize: 768, intermediateSize: 3072, layers: 12 });
    const { hiddenSize } = sizes;
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("bert", "embeddings.word_embeddings");
    const head = (relates: boolean) =>
      predictionHead(
        {
          prefix: "Bert",
          hiddenSize,
          width: hiddenSize,
          tiedTo: tied ? word : undefined,
          relates,
        },
        config,
      );
    const logits = { output: "cls.predictions.decoder", sharedBias: "cls.predictions.bias" };
    return encoderModel(
      {
        modelType: "bert",
        prefix: "Bert",
        backbone: "bert",
        wordEmbedding: "embeddings.word_embeddings",
        ...sizes,
        tied,
        children: (hasPooler) => [
          bertEmbeddings({ prefix: "Bert", width: hiddenSize }, config),
          container("encoder", "BertEncoder", {
            forward: { kind: "encoder_layers", layers: "layer" },
            children: [
              repeated("layer", sizes.layers, bertLayer({ prefix: "Bert" }, sizes, config)),
            ],
          }),
          hasPooler ? bertPooler("Bert", hiddenSize) : undefined,
        ],
        encoder: { kind: "text_encoder", embeddings: "embeddings", encoder: "encoder" },
        maskedLm: {
          ...logits,
          behind: [head(false)],
          forward: {
            kind: "masked_lm",
            ...{ encoder: "bert", head: "cls", dense: "predictions.transform.dense" },
            activation: activation(config, "hidden_act", "gelu"),
            ...{ norm: "predictions.transform.LayerNorm", decoder: "predictions.decoder" },
          },
        },
        preTraining: { ...logits, behind: [head(true)], hasPooler: true },
        sequenceClassification: {
          behind: classifier(hiddenSize, config),
          hasPooler: true,
          ...sequenceClassifier(config, { encoder: "bert", classifier: "classifier" }),
        },
      },
      config,
      context,
    );
  },
};
