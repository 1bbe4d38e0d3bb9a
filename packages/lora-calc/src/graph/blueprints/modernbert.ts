/** ModernBERT: a pre-norm encoder with rotary positions and full attention in every third layer. */

import { activation } from "../blocks/activation.js";
import {
  answerFinder,
  embeddingOf,
  encoderModel,
  sequenceClassifier,
} from "../blocks/encoder-model.js";
import { activationModule } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { MaskedLmForward } from "../tree/encoder-forward.js";
import type { Activation } from "../tree/forward.js";
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
    const norm = (name: string) => normOf(config, name, hiddenSize);
    const types = typesOf(config, layers);
    const act = activation(config, "classifier_activation", "gelu");
    const head = predictionHead(config, hiddenSize, act);
    const labelled = {
      behind: [
        head,
        leaf("drop", "Dropout"),
        linear("classifier", hiddenSize, labelCount(config), { bias: true }),
      ],
    };
    const overTokens = {
      ...{ backbone: "model", head: "head", dropout: config.number("classifier_dropout", 0) },
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
          embeddings(config, vocabSize, hiddenSize),
          repeatedBy(
            "layers",
            layers,
            (index) => `${types[index]} ${index === 0 ? "first" : "other"}`,
            (_, index) => encoderLayer(config, { hiddenSize, innerSize, heads }, norm, index === 0),
          ),
          norm("final_norm"),
          rotaryEmbedding(
            "ModernBertRotaryEmbedding",
            config.divide("hidden_size", hiddenSize, heads),
            { perLayerType: [...new Set(types)].sort() },
          ),
        ],
        encoder: {
          kind: "rotary_encoder",
          ...{ embeddings: "embeddings", layers: "layers", finalNorm: "final_norm" },
          ...{ rotary: "rotary_emb", layerTypes: types },
          window: Math.floor(config.size("local_attention", 128) / 2),
        },
        maskedLm: {
          ...maskedTokens(config, act),
          output: "decoder",
          behind: [
            head,
            linear("decoder", hiddenSize, vocabSize, {
              bias: config.boolean("decoder_bias", true),
              ...(tied ? { tiedTo: `${word}.weight` } : {}),
            }),
          ],
        },
        sequenceClassification: {
          ...labelled,
          ...labels(config),
        },
        tokenClassification: {
          ...labelled,
          forward: { kind: "token_classifier", classifier: "classifier", ...overTokens },
        },
        questionAnswering: {
          ...labelled,
          ...answerFinder(config, { output: "classifier", ...overTokens }),
        },
      },
      config,
      context,
    );
  },
};

function normOf(config: Config, name: string, hiddenSize: number): ModuleNode {
  return layerNorm(name, hiddenSize, { bias: config.boolean("norm_bias", false) });
}

/** Attention of every layer: full in the first of every three, where nothing is said. */
function typesOf(config: Config, layers: number): readonly string[] {
  const every = config.size("global_attn_every_n_layers", FULL_EVERY);
  return (
    config.stringList("layer_types") ??
    Array.from({ length: layers }, (_, index) =>
      index % every === 0 ? "full_attention" : "sliding_attention",
    )
  );
}

function embeddings(config: Config, vocabSize: number, hiddenSize: number): ModuleNode {
  return container("embeddings", "ModernBertEmbeddings", {
    forward: {
      kind: "normed_embeddings",
      ...{ words: "tok_embeddings", norm: "norm" },
      dropout: config.number("embedding_dropout", 0),
    },
    children: [
      embedding("tok_embeddings", vocabSize, hiddenSize),
      normOf(config, "norm", hiddenSize),
      leaf("drop", "Dropout"),
    ],
  });
}

function predictionHead(config: Config, hiddenSize: number, act: Activation): ModuleNode {
  return container("head", "ModernBertPredictionHead", {
    forward: { kind: "prediction_head", dense: "dense", activation: act, norm: "norm" },
    children: [
      linear("dense", hiddenSize, hiddenSize, { bias: config.boolean("classifier_bias", false) }),
      activationModule("act", act),
      normOf(config, "norm", hiddenSize),
    ],
  });
}

/** The loss over masked tokens; where the head leaves out the others, their number is a value, and it has no program. */
function maskedTokens(config: Config, act: Activation): { readonly forward?: MaskedLmForward } {
  if (config.boolean("sparse_prediction", false)) return {};
  return {
    forward: {
      kind: "masked_lm",
      ...{ encoder: "model", head: "", dense: "head.dense", activation: act },
      ...{ norm: "head.norm", decoder: "decoder", upcasts: true },
    },
  };
}

function labels(config: Config): ReturnType<typeof sequenceClassifier> {
  const takesMean = config.string("classifier_pooling", "cls") === "mean";
  return sequenceClassifier(
    config,
    { encoder: "model", classifier: "classifier", pooledHead: { head: "head", takesMean } },
    config.number("classifier_dropout", 0),
  );
}

interface LayerSizes {
  readonly hiddenSize: number;
  readonly innerSize: number;
  readonly heads: number;
}

/** The first layer has no norm in front of its attention: the embeddings are normed already. */
function encoderLayer(
  config: Config,
  { hiddenSize, innerSize, heads }: LayerSizes,
  norm: (name: string) => ModuleNode,
  isFirst: boolean,
): ModuleNode {
  const attentionBias = config.boolean("attention_bias", false);
  const mlpBias = config.boolean("mlp_bias", false);
  const act = activation(config, "hidden_activation", "gelu");
  const dropout = config.number("attention_dropout", 0);
  return container("0", "ModernBertEncoderLayer", {
    forward: {
      kind: "decoder_layer",
      ...{ attention: "attn", mlp: "mlp", preMlpNorm: "mlp_norm", keepsAttended: true },
      ...(isFirst ? {} : { preAttentionNorm: "attn_norm" }),
    },
    children: [
      isFirst ? leaf("attn_norm", "Identity") : norm("attn_norm"),
      container("attn", "ModernBertAttention", {
        forward: {
          kind: "attention",
          projections: { kind: "fused_unbind", fused: "Wqkv" },
          ...{ output: "Wo", heads, keyValueHeads: heads, headDim: hiddenSize / heads },
          ...{ isBidirectional: true, rotary: "full_cast" },
          ...{ attentionDropout: dropout, outputDropout: dropout },
        },
        children: [
          linear("Wqkv", hiddenSize, 3 * hiddenSize, { bias: attentionBias }),
          linear("Wo", hiddenSize, hiddenSize, { bias: attentionBias }),
          leaf("out_drop", dropout > 0 ? "Dropout" : "Identity"),
        ],
      }),
      norm("mlp_norm"),
      container("mlp", "ModernBertMLP", {
        ...(config.number("mlp_dropout", 0) > 0
          ? {}
          : {
              forward: {
                kind: "fused_gated_mlp",
                ...{ gateUp: "Wi", down: "Wo", activation: act },
                keepsHalves: true,
              },
            }),
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
