/** ModernBERT: a pre-norm encoder with rotary positions and full attention in every third layer. */

import { activation } from "../blocks/activation.js";
import { embeddingOf, encoderModel } from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, layerNorm, leaf, linear, repeatedBy } from "../tree/vocabulary.js";

const FULL_EVERY = 3;

export const modernbert: Blueprint = {
  modelType: "modernbert",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const innerSize = config.size("intermediate_size", 1152);
    const layers = config.layerCount("num_hidden_layers", 22);
    const vocabSize = config.size("vocab_size", 50368);
    const heads = config.size("num_attention_heads", 12);
    const tied = config.boolean("tie_word_embeddings", true);
    const word = embeddingOf("model", "embeddings.tok_embeddings");
    const norm = (name: string) =>
      layerNorm(name, hiddenSize, { bias: config.boolean("norm_bias", false) });
    const every = config.size("global_attn_every_n_layers", FULL_EVERY);
    const types =
      config.stringList("layer_types") ??
      Array.from({ length: layers }, (_, index) =>
        index % every === 0 ? "full_attention" : "sliding_attention",
      );
    const head = container("head", "ModernBertPredictionHead", {
      children: [
        linear("dense", hiddenSize, hiddenSize, { bias: config.boolean("classifier_bias", false) }),
        activationModule("act", activation(config, "classifier_activation", "gelu")),
        norm("norm"),
      ],
    });
    const labelled = {
      behind: [
        head,
        leaf("drop", "Dropout"),
        linear("classifier", hiddenSize, labelCount(config), { bias: true }),
      ],
    };
    return encoderModel(
      {
        modelType: "modernbert",
        prefix: "ModernBert",
        backbone: "model",
        wordEmbedding: "embeddings.tok_embeddings",
        hiddenSize,
        layers,
        tied,
        children: () => [
          container("embeddings", "ModernBertEmbeddings", {
            children: [
              embedding("tok_embeddings", vocabSize, hiddenSize),
              norm("norm"),
              leaf("drop", "Dropout"),
            ],
          }),
          repeatedBy(
            "layers",
            layers,
            (index) => (index === 0 ? "first" : "other"),
            (kind) => encoderLayer(config, { hiddenSize, innerSize }, norm, kind === "first"),
          ),
          norm("final_norm"),
          rotaryEmbedding(
            "ModernBertRotaryEmbedding",
            config.divide("hidden_size", hiddenSize, heads),
            { perLayerType: [...new Set(types)].sort() },
          ),
        ],
        maskedLm: {
          output: "decoder",
          behind: [
            head,
            linear("decoder", hiddenSize, vocabSize, {
              bias: config.boolean("decoder_bias", true),
              ...(tied ? { tiedTo: `${word}.weight` } : {}),
            }),
          ],
        },
        sequenceClassification: labelled,
        tokenClassification: labelled,
        questionAnswering: labelled,
      },
      config,
      context,
    );
  },
};

interface LayerSizes {
  readonly hiddenSize: number;
  readonly innerSize: number;
}

/** The first layer has no norm in front of its attention: the embeddings are normed already. */
function encoderLayer(
  config: Config,
  { hiddenSize, innerSize }: LayerSizes,
  norm: (name: string) => ModuleNode,
  isFirst: boolean,
): ModuleNode {
  const attentionBias = config.boolean("attention_bias", false);
  const mlpBias = config.boolean("mlp_bias", false);
  const act = activation(config, "hidden_activation", "gelu");
  return container("0", "ModernBertEncoderLayer", {
    children: [
      isFirst ? leaf("attn_norm", "Identity") : norm("attn_norm"),
      container("attn", "ModernBertAttention", {
        children: [
          linear("Wqkv", hiddenSize, 3 * hiddenSize, { bias: attentionBias }),
          linear("Wo", hiddenSize, hiddenSize, { bias: attentionBias }),
          leaf("out_drop", config.number("attention_dropout", 0) > 0 ? "Dropout" : "Identity"),
        ],
      }),
      norm("mlp_norm"),
      container("mlp", "ModernBertMLP", {
        children: [
          linear("Wi", hiddenSize, 2 * innerSize, { bias: mlpBias }),
          activationModule("act", act),
          leaf("drop", "Dropout"),
          linear("Wo", innerSize, hiddenSize, { bias: mlpBias }),
        ],
      }),
    ],
  });
}
