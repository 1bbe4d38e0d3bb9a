/** GPTBigCode (StarCoder 1, SantaCoder): GPT-2 with one key and value head, in ordinary linear layers. */

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

export const gptBigcode: Blueprint = {
  modelType: "gpt_bigcode",
  build: (config, context) => {
    const hiddenSize = config.size(["n_embd", "hidden_size"], 768);
    const vocabSize = config.size("vocab_size", 50257);
    const heads = config.size(["n_head", "num_attention_heads"], 12);
    const innerSize = config.optionalSize("n_inner") ?? 4 * hiddenSize;
    const positions = config.size(["n_positions", "max_position_embeddings"], 1024);
    const headDim = config.divide("n_embd", hiddenSize, heads);
    const keyValueSize = config.boolean("multi_query", true) ? headDim : hiddenSize;
    const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
    const attention = (name: string, projections: readonly ModuleNode[]) =>
      container(name, "GPTBigCodeAttention", {
        children: [...projections, square("c_proj"), leaf("resid_dropout", "Dropout")],
      });
    const crosses = config.boolean("add_cross_attention", false);
    const block = container("0", "GPTBigCodeBlock", {
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
          children: [
            linear("c_fc", hiddenSize, innerSize, { bias: true }),
            linear("c_proj", innerSize, hiddenSize, { bias: true }),
            activationModule("act", activation(config, "activation_function", "gelu_pytorch_tanh")),
            leaf("dropout", "Dropout"),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "gpt_bigcode",
        prefix: "GPTBigCode",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        keyValueSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: { kind: "decoder", tokenEmbedding: "wte", layers: "h" },
        buffers: [buffer("bias", [positions, positions], "bool")],
        children: [
          embedding("wte", vocabSize, hiddenSize),
          embedding("wpe", positions, hiddenSize),
          leaf("drop", "Dropout"),
          repeated("h", config.layerCount(["n_layer", "num_hidden_layers"], 12), block),
          layerNorm("ln_f", hiddenSize),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
