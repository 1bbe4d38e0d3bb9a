/** GPT-Neo: global and local attention in turn, which have the same modules. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";

export const gptNeo: Blueprint = {
  modelType: "gpt_neo",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 2048);
    const vocabSize = config.size("vocab_size", 50257);
    const positions = config.size("max_position_embeddings", 2048);
    return languageModel(
      {
        modelType: "gpt_neo",
        prefix: "GPTNeo",
        hasOwnHeads: true,
        classifierDropout: 0.1,
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "decoder",
          ...{ tokenEmbedding: "wte", positionEmbedding: "wpe", layers: "h", finalNorm: "ln_f" },
          ...{ hidesPositions: true, masksFirst: true },
          embeddingDropout: config.number("embed_dropout", 0),
        },
        children: [
          embedding("wte", vocabSize, hiddenSize),
          embedding("wpe", positions, hiddenSize),
          leaf("drop", "Dropout"),
          repeated(
            "h",
            config.layerCount(["num_layers", "num_hidden_layers"], 24),
            layer(config, hiddenSize, positions),
          ),
          layerNorm("ln_f", hiddenSize),
        ],
      },
      config,
      context,
    );
  },
};

function layer(config: Config, hiddenSize: number, positions: number): ModuleNode {
  const innerSize = config.optionalSize("intermediate_size") ?? 4 * hiddenSize;
  const heads = config.size(["num_heads", "num_attention_heads"], 16);
  const dropout = config.number("resid_dropout", 0);
  const act = activation(config, "activation_function", "gelu_new");
  return container("0", "GPTNeoBlock", {
    forward: {
      kind: "decoder_layer",
      ...{ attention: "attn", mlp: "mlp", preAttentionNorm: "ln_1", preMlpNorm: "ln_2" },
      ...{ keepsSublayerOutputs: true, returnsScores: true },
    },
    children: [
      layerNorm("ln_1", hiddenSize),
      container("attn", "GPTNeoAttention", {
        forward: { kind: "within", inner: "attention" },
        children: [
          container("attention", "GPTNeoSelfAttention", {
            forward: {
              kind: "attention",
              projections: {
                ...{ kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
                cuts: "after_all",
              },
              output: "out_proj",
              ...{ heads, keyValueHeads: heads },
              headDim: config.divide("hidden_size", hiddenSize, heads),
              ownKernel: { table: "bias" },
              attentionDropout: config.number("attention_dropout", 0),
              outputDropout: dropout,
            },
            buffers: [buffer("bias", [1, 1, positions, positions], "bool")],
            children: [
              leaf("attn_dropout", "Dropout"),
              leaf("resid_dropout", "Dropout"),
              linear("k_proj", hiddenSize, hiddenSize),
              linear("v_proj", hiddenSize, hiddenSize),
              linear("q_proj", hiddenSize, hiddenSize),
              linear("out_proj", hiddenSize, hiddenSize, { bias: true }),
            ],
          }),
        ],
      }),
      layerNorm("ln_2", hiddenSize),
      container("mlp", "GPTNeoMLP", {
        forward: {
          kind: "mlp",
          up: "c_fc",
          down: "c_proj",
          activation: act,
          activationName: "act",
          dropout,
        },
        children: [
          linear("c_fc", hiddenSize, innerSize, { bias: true }),
          linear("c_proj", innerSize, hiddenSize, { bias: true }),
          activationModule("act", act),
          leaf("dropout", "Dropout"),
        ],
      }),
    ],
  });
}
