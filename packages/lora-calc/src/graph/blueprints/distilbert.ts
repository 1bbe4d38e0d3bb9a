/** DistilBERT. */

import { activation } from "../blocks/activation.js";
import { embeddingOf, encoderModel } from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import {
  buffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";

export const distilbert: Blueprint = {
  modelType: "distilbert",
  build: (config, context) => {
    const hiddenSize = config.size(["dim", "hidden_size"], 768);
    const innerSize = config.size("hidden_dim", 3072);
    const layers = config.layerCount(["n_layers", "num_hidden_layers"], 6);
    const vocabSize = config.size("vocab_size", 30522);
    const positions = config.size("max_position_embeddings", 512);
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("distilbert", "embeddings.word_embeddings");
    const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
    const labels = () => linear("classifier", hiddenSize, labelCount(config), { bias: true });
    const layer = container("0", "TransformerBlock", {
      children: [
        container("attention", "DistilBertSelfAttention", {
          children: [
            ...["q_lin", "k_lin", "v_lin", "out_lin"].map(square),
            leaf("dropout", "Dropout"),
          ],
        }),
        layerNorm("sa_layer_norm", hiddenSize),
        container("ffn", "FFN", {
          children: [
            leaf("dropout", "Dropout"),
            linear("lin1", hiddenSize, innerSize, { bias: true }),
            linear("lin2", innerSize, hiddenSize, { bias: true }),
            activationModule("activation", activation(config, "activation", "gelu")),
          ],
        }),
        layerNorm("output_layer_norm", hiddenSize),
      ],
    });
    return encoderModel(
      {
        modelType: "distilbert",
        prefix: "DistilBert",
        backbone: "distilbert",
        wordEmbedding: "embeddings.word_embeddings",
        hiddenSize,
        layers,
        notFound: ["token_dim", "num_attention_heads"],
        tied,
        children: () => [
          container("embeddings", "Embeddings", {
            buffers: [buffer("position_ids", [1, positions], "int64")],
            children: [
              embedding("word_embeddings", vocabSize, hiddenSize),
              embedding("position_embeddings", positions, hiddenSize),
              layerNorm("LayerNorm", hiddenSize),
              leaf("dropout", "Dropout"),
            ],
          }),
          container("transformer", "Transformer", { children: [repeated("layer", layers, layer)] }),
        ],
        maskedLm: {
          output: "vocab_projector",
          before: [activationModule("activation", activation(config, "activation", "gelu"))],
          behind: [
            square("vocab_transform"),
            layerNorm("vocab_layer_norm", hiddenSize),
            linear("vocab_projector", hiddenSize, vocabSize, {
              bias: true,
              ...(tied ? { tiedTo: `${word}.weight` } : {}),
            }),
            leaf("mlm_loss_fct", "CrossEntropyLoss"),
          ],
        },
        sequenceClassification: {
          behind: [square("pre_classifier"), labels(), leaf("dropout", "Dropout")],
        },
        questionAnswering: {
          behind: [
            linear("qa_outputs", hiddenSize, labelCount(config), { bias: true }),
            leaf("dropout", "Dropout"),
          ],
        },
      },
      config,
      context,
    );
  },
};
