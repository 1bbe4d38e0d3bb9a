/** DistilBERT. */

import { activation } from "../blocks/activation.js";
import {
  answerFinder,
  embeddingOf,
  encoderModel,
  sequenceClassifier,
} from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Config } from "../../model/config.js";
import type { Activation } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
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

const LAYER = {
  kind: "post_norm_layer",
  ...{ attention: "attention", attentionNorm: "sa_layer_norm" },
  ...{ mlp: "ffn", mlpNorm: "output_layer_norm" },
} as const;

export const distilbert: Blueprint = {
  modelType: "distilbert",
  build: (config, context) => {
    const sizes = readSizes(config);
    const { hiddenSize, vocabSize, layers, act } = sizes;
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("distilbert", "embeddings.word_embeddings");
    const labels = () => linear("classifier", hiddenSize, labelCount(config), { bias: true });
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
          embeddings(config, sizes),
          container("transformer", "Transformer", {
            forward: { kind: "encoder_layers", layers: "layer" },
            children: [repeated("layer", layers, block(config, sizes))],
          }),
        ],
        encoder: { kind: "text_encoder", embeddings: "embeddings", encoder: "transformer" },
        maskedLm: {
          forward: {
            kind: "masked_lm",
            ...{ encoder: "distilbert", head: "", dense: "vocab_transform", activation: act },
            ...{ norm: "vocab_layer_norm", decoder: "vocab_projector" },
          },
          output: "vocab_projector",
          before: [activationModule("activation", act)],
          behind: [
            square("vocab_transform", hiddenSize),
            layerNorm("vocab_layer_norm", hiddenSize),
            linear("vocab_projector", hiddenSize, vocabSize, {
              bias: true,
              ...(tied ? { tiedTo: `${word}.weight` } : {}),
            }),
            leaf("mlm_loss_fct", "CrossEntropyLoss"),
          ],
        },
        sequenceClassification: {
          behind: [square("pre_classifier", hiddenSize), labels(), leaf("dropout", "Dropout")],
          ...sequenceClassifier(
            config,
            {
              ...{ encoder: "distilbert", classifier: "classifier" },
              preClassifier: "pre_classifier",
            },
            config.number("seq_classif_dropout", 0.2),
          ),
        },
        tokenDropout: config.number("dropout", 0.1),
        questionAnswering: {
          ...answerFinder(
            config,
            { backbone: "distilbert", output: "qa_outputs" },
            config.number("qa_dropout", 0.1),
          ),
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

interface Sizes {
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly layers: number;
  readonly act: Activation;
  readonly dropout: number;
}

function readSizes(config: Config): Sizes {
  return {
    hiddenSize: config.size(["dim", "hidden_size"], 768),
    vocabSize: config.size("vocab_size", 30522),
    layers: config.layerCount(["n_layers", "num_hidden_layers"], 6),
    act: activation(config, "activation", "gelu"),
    dropout: config.number("dropout", 0.1),
  };
}

function square(name: string, hiddenSize: number): ModuleNode {
  return linear(name, hiddenSize, hiddenSize, { bias: true });
}

function embeddings(config: Config, { hiddenSize, vocabSize, dropout }: Sizes): ModuleNode {
  const positions = config.size("max_position_embeddings", 512);
  return container("embeddings", "Embeddings", {
    forward: {
      kind: "text_embeddings",
      ...{ words: "word_embeddings", positions: "position_embeddings" },
      ...{ norm: "LayerNorm", dropout, places: "buffer", unusedPositions: 0 },
    },
    buffers: [buffer("position_ids", [1, positions], "int64")],
    children: [
      embedding("word_embeddings", vocabSize, hiddenSize),
      embedding("position_embeddings", positions, hiddenSize),
      layerNorm("LayerNorm", hiddenSize),
      leaf("dropout", "Dropout"),
    ],
  });
}

function block(config: Config, { hiddenSize, act, dropout }: Sizes): ModuleNode {
  const innerSize = config.size("hidden_dim", 3072);
  const heads = config.size(["n_heads", "num_attention_heads"], 12);
  const runs = hiddenSize % heads === 0;
  return container("0", "TransformerBlock", {
    ...(runs ? { forward: LAYER } : {}),
    children: [
      container("attention", "DistilBertSelfAttention", {
        forward: {
          kind: "attention",
          isBidirectional: true,
          projections: { kind: "separate", query: "q_lin", key: "k_lin", value: "v_lin" },
          ...{ output: "out_lin", heads, keyValueHeads: heads, headDim: hiddenSize / heads },
          attentionDropout: config.number("attention_dropout", 0.1),
        },
        children: [
          ...["q_lin", "k_lin", "v_lin", "out_lin"].map((name) => square(name, hiddenSize)),
          leaf("dropout", "Dropout"),
        ],
      }),
      layerNorm("sa_layer_norm", hiddenSize),
      container("ffn", "FFN", {
        forward: {
          kind: "mlp",
          ...{ up: "lin1", down: "lin2", activation: act, activationName: "activation", dropout },
        },
        children: [
          leaf("dropout", "Dropout"),
          linear("lin1", hiddenSize, innerSize, { bias: true }),
          linear("lin2", innerSize, hiddenSize, { bias: true }),
          activationModule("activation", act),
        ],
      }),
      layerNorm("output_layer_norm", hiddenSize),
    ],
  });
}
