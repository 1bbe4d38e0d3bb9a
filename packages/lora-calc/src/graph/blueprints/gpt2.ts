/** GPT-2: Conv1D projections with weights stored (in, out), learned positions, dropout everywhere by default. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import type { Buffer, ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  hfConv1d,
  layerNorm,
  leaf,
  repeated,
} from "../tree/vocabulary.js";

export const gpt2: Blueprint = {
  modelType: "gpt2",
  build: (config, context) => {
    const hiddenSize = config.size(["n_embd", "hidden_size"], 768);
    const heads = config.size(["n_head", "num_attention_heads"], 12);
    const innerSize = config.optionalSize("n_inner") ?? 4 * hiddenSize;
    const vocabSize = config.size("vocab_size", 50257);
    const dropout = config.number("resid_pdrop", 0.1);
    const act = activation(config, "activation_function", "gelu_new");
    const positions = config.size(["n_positions", "max_position_embeddings"], 1024);
    const attention = container("attn", "GPT2Attention", {
      buffers: context.world.rules.keepsCausalTables ? causalTable(positions) : [],
      forward: {
        kind: "attention",
        projections: { kind: "fused_split", fused: "c_attn" },
        output: "c_proj",
        heads,
        keyValueHeads: heads,
        headDim: config.divide("n_embd", hiddenSize, heads),
        attentionDropout: config.number("attn_pdrop", 0.1),
        outputDropout: dropout,
        softmaxInScoreDtype: true,
      },
      children: [
        hfConv1d("c_attn", hiddenSize, 3 * hiddenSize),
        hfConv1d("c_proj", hiddenSize, hiddenSize),
        leaf("attn_dropout", "Dropout"),
        leaf("resid_dropout", "Dropout"),
      ],
    });
    const block = container("0", "GPT2Block", {
      forward: {
        kind: "decoder_layer",
        attention: "attn",
        mlp: "mlp",
        preAttentionNorm: "ln_1",
        preMlpNorm: "ln_2",
        keepsSublayerOutputs: true,
      },
      children: [
        layerNorm("ln_1", hiddenSize),
        attention,
        layerNorm("ln_2", hiddenSize),
        ...(config.boolean("add_cross_attention", false) ? crossAttention(hiddenSize) : []),
        container("mlp", "GPT2MLP", {
          forward: { kind: "mlp", up: "c_fc", down: "c_proj", activation: act, dropout },
          children: [
            hfConv1d("c_fc", hiddenSize, innerSize),
            hfConv1d("c_proj", innerSize, hiddenSize),
            activationModule("act", act),
            leaf("dropout", "Dropout"),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "gpt2",
        prefix: "GPT2",
        hasOwnHeads: true,
        backbone: "transformer",
        tokenClassifier: "classifier",
        causalClass: "GPT2LMHeadModel",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "decoder",
          tokenEmbedding: "wte",
          positionEmbedding: "wpe",
          embeddingDropout: config.number("embd_pdrop", 0.1),
          layers: "h",
          finalNorm: "ln_f",
        },
        children: [
          embedding("wte", vocabSize, hiddenSize),
          embedding("wpe", positions, hiddenSize),
          leaf("drop", "Dropout"),
          repeated("h", config.layerCount(["n_layer", "num_hidden_layers"], 12), block),
          layerNorm("ln_f", hiddenSize),
        ],
      },
      config,
      context,
    );
  },
};

/** What may be attended to, and the score of what may not. */
function causalTable(positions: number): readonly Buffer[] {
  return [buffer("bias", [1, 1, positions, positions], "bool"), buffer("masked_bias", [], "model")];
}

/** Attention to an encoder's states: keys and values from one projection, queries from another. */
function crossAttention(hiddenSize: number): readonly ModuleNode[] {
  return [
    container("crossattention", "GPT2Attention", {
      children: [
        hfConv1d("c_attn", hiddenSize, 2 * hiddenSize),
        hfConv1d("q_attn", hiddenSize, hiddenSize),
        hfConv1d("c_proj", hiddenSize, hiddenSize),
        leaf("attn_dropout", "Dropout"),
        leaf("resid_dropout", "Dropout"),
      ],
    }),
    layerNorm("ln_cross_attn", hiddenSize),
  ];
}
