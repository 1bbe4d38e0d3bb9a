/** ALBERT: all layers of a group are the same modules, so there are as many as groups. */

import { activation } from "../blocks/activation.js";
import { bertEmbeddings } from "../blocks/bert-like.js";
import { classifier, embeddingOf, encoderModel } from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const albert: Blueprint = {
  modelType: "albert",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const innerSize = config.size("intermediate_size", 16384);
    const width = config.size("embedding_size", 128);
    const vocabSize = config.size("vocab_size", 30000);
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("albert", "embeddings.word_embeddings");
    const act = activation(config, "hidden_act", "gelu_new");
    const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
    const layer = container("0", "AlbertLayer", {
      children: [
        layerNorm("full_layer_layer_norm", hiddenSize),
        container("attention", "AlbertAttention", {
          children: [
            leaf("attention_dropout", "Dropout"),
            leaf("output_dropout", "Dropout"),
            ...["query", "key", "value", "dense"].map(square),
            layerNorm("LayerNorm", hiddenSize),
          ],
        }),
        linear("ffn", hiddenSize, innerSize, { bias: true }),
        linear("ffn_output", innerSize, hiddenSize, { bias: true }),
        activationModule("activation", act),
        leaf("dropout", "Dropout"),
      ],
    });
    const group = container("0", "AlbertLayerGroup", {
      children: [repeated("albert_layers", config.size("inner_group_num", 1), layer)],
    });
    const predictions = container("predictions", "AlbertMLMHead", {
      parameters: [{ name: "bias", shape: [vocabSize] }],
      children: [
        layerNorm("LayerNorm", width),
        linear("dense", hiddenSize, width, { bias: true }),
        linear("decoder", width, vocabSize, {
          bias: true,
          ...(tied ? { tiedTo: `${word}.weight`, biasTiedTo: "predictions.bias" } : {}),
        }),
        activationModule("activation", act),
      ],
    });
    const logits = { output: "predictions.decoder", sharedBias: "predictions.bias" };
    return encoderModel(
      {
        modelType: "albert",
        prefix: "Albert",
        backbone: "albert",
        wordEmbedding: "embeddings.word_embeddings",
        hiddenSize,
        layers: config.layerCount("num_hidden_layers", 12),
        tied,
        children: (hasPooler) => [
          bertEmbeddings({ prefix: "Albert", width, vocabSize }, config),
          container("encoder", "AlbertTransformer", {
            children: [
              linear("embedding_hidden_mapping_in", width, hiddenSize, { bias: true }),
              repeated("albert_layer_groups", config.size("num_hidden_groups", 1), group),
            ],
          }),
          ...(hasPooler ? [square("pooler"), leaf("pooler_activation", "Tanh")] : []),
        ],
        maskedLm: { ...logits, behind: [predictions] },
        preTraining: {
          ...logits,
          behind: [
            predictions,
            container("sop_classifier", "AlbertSOPHead", {
              children: [
                leaf("dropout", "Dropout"),
                linear("classifier", hiddenSize, labelCount(config), { bias: true }),
              ],
            }),
          ],
          hasPooler: true,
        },
        sequenceClassification: { behind: classifier(hiddenSize, config), hasPooler: true },
      },
      config,
      context,
    );
  },
};
