/** ELECTRA: BERT whose embeddings may be narrower than its layers. */

import { activation } from "../blocks/activation.js";
import { bertEmbeddings, bertLayer, readBertSizes } from "../blocks/bert-like.js";
import { embeddingOf, encoderModel } from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const electra: Blueprint = {
  modelType: "electra",
  build: (config, context) => {
    const sizes = readBertSizes(config, { hiddenSize: 256, intermediateSize: 1024, layers: 12 });
    const { hiddenSize } = sizes;
    const width = config.size("embedding_size", 128);
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("electra", "embeddings.word_embeddings");
    return encoderModel(
      {
        modelType: "electra",
        prefix: "Electra",
        backbone: "electra",
        wordEmbedding: "embeddings.word_embeddings",
        ...sizes,
        tied,
        children: () => [
          bertEmbeddings({ prefix: "Electra", width }, config),
          width === hiddenSize
            ? undefined
            : linear("embeddings_project", width, hiddenSize, { bias: true }),
          container("encoder", "ElectraEncoder", {
            children: [
              repeated("layer", sizes.layers, bertLayer({ prefix: "Electra" }, sizes, config)),
            ],
          }),
        ],
        maskedLm: {
          output: "generator_lm_head",
          behind: [
            container("generator_predictions", "ElectraGeneratorPredictions", {
              children: [
                leaf("activation", "GELUActivation"),
                layerNorm("LayerNorm", width),
                linear("dense", hiddenSize, width, { bias: true }),
              ],
            }),
            linear("generator_lm_head", width, config.size("vocab_size", 30522), {
              bias: true,
              ...(tied ? { tiedTo: `${word}.weight` } : {}),
            }),
          ],
        },
        preTraining: {
          behind: [
            container("discriminator_predictions", "ElectraDiscriminatorPredictions", {
              children: [
                linear("dense", hiddenSize, hiddenSize, { bias: true }),
                activationModule("activation", activation(config, "hidden_act", "gelu")),
                linear("dense_prediction", hiddenSize, 1, { bias: true }),
              ],
            }),
          ],
        },
        sequenceClassification: {
          behind: [
            container("classifier", "ElectraClassificationHead", {
              children: [
                linear("dense", hiddenSize, hiddenSize, { bias: true }),
                activationModule("activation", activation(config, [], "gelu")),
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
