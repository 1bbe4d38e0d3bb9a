/** GPTBigCode (StarCoder 1, SantaCoder): GPT-2 with one key and value head, in ordinary linear layers. */

import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { AttentionForward } from "../tree/forward.js";
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

export const gptBigcode: Blueprint = {
  modelType: "gpt_bigcode",
  build: (config, context) => {
    const hiddenSize = config.size(["n_embd", "hidden_size"], 768);
    const vocabSize = config.size("vocab_size", 50257);
    const heads = config.size(["n_head", "num_attention_heads"], 12);
    const innerSize = config.optionalSize("n_inner") ?? 4 * hiddenSize;
    const positions = config.size(["n_positions", "max_position_embeddings"], 1024);
    const headDim = config.divide("n_embd", hiddenSize, heads);
    const isMultiQuery = config.boolean("multi_query", true);
    const keyValueSize = isMultiQuery ? headDim : hiddenSize;
    const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
    const dropout = config.number("resid_pdrop", 0.1);
    const act = activation(config, "activation_function", "gelu_pytorch_tanh");
    const forward: AttentionForward = {
      kind: "attention",
      projections: { kind: isMultiQuery ? "fused_multi_query" : "fused_per_head", fused: "c_attn" },
      output: "c_proj",
      ...{ heads, keyValueHeads: isMultiQuery ? 1 : heads, headDim },
      attentionDropout: config.number("attn_pdrop", 0.1),
      outputDropout: dropout,
    };
    const attention = (name: string, projections: readonly ModuleNode[]) =>
      container(name, "GPTBigCodeAttention", {
        ...(name === "attn" ? { forward } : {}),
        children: [...projections, square("c_proj"), leaf("resid_dropout", "Dropout")],
      });
    const crosses = config.boolean("add_cross_attention", false);
    const block = container("0", "GPTBigCodeBlock", {
      forward: {
        kind: "decoder_layer",
        ...{ attention: "attn", mlp: "mlp", preAttentionNorm: "ln_1", preMlpNorm: "ln_2" },
        keepsSublayerOutputs: true,
      },
      children: [
        layerNorm("ln_1", hiddenSize),
        attention("attn", [
          linear("c_attn", hiddenSize, hiddenSize + 2 * keyValueSize, { bias: true }),
        ]),
        layerNorm("ln_2", hiddenSize),
        ...(crosses
          ? [
              attention("crossattention", [
                linear("c_attn", hiddenSize, 2 * hiddenSize, { bias: true }),
                square("q_attn"),
              ]),
              layerNorm("ln_cross_attn", hiddenSize),
            ]
          : []),
        container("mlp", "GPTBigCodeMLP", {
          forward: { kind: "mlp", up: "c_fc", down: "c_proj", activation: act, dropout },
          children: [
            linear("c_fc", hiddenSize, innerSize, { bias: true }),
            linear("c_proj", innerSize, hiddenSize, { bias: true }),
            activationModule("act", act),
            leaf("dropout", "Dropout"),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "gpt_bigcode",
        prefix: "GPTBigCode",
        hasOwnHeads: true,
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        keyValueSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "decoder",
          ...{ tokenEmbedding: "wte", positionEmbedding: "wpe", layers: "h", finalNorm: "ln_f" },
          ...{ hidesPositions: true, masksFirst: true },
          embeddingDropout: config.number("embd_pdrop", 0.1),
        },
        buffers: [buffer("bias", [positions, positions], "bool")],
        children: [
          embedding("wte", vocabSize, hiddenSize),
          embedding("wpe", positions, hiddenSize),
          leaf("drop", "Dropout"),
          repeated("h", config.layerCount(["n_layer", "num_hidden_layers"], 12), block),
          layerNorm("ln_f", hiddenSize),
        ],
        ...(crosses ? { isCountedOnly: true } : {}),
      },
      config,
      context,
    );
  },
};
