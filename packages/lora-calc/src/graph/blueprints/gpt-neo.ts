/** GPT-Neo: global and local attention in turn, which have the same modules. */

import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
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

export const gptNeo: Blueprint = {
  modelType: "gpt_neo",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 2048);
    const vocabSize = config.size("vocab_size", 50257);
    const innerSize = config.optionalSize("intermediate_size") ?? 4 * hiddenSize;
    const positions = config.size("max_position_embeddings", 2048);
    const block = container("0", "GPTNeoBlock", {
      children: [
        layerNorm("ln_1", hiddenSize),
        container("attn", "GPTNeoAttention", {
          children: [
            container("attention", "GPTNeoSelfAttention", {
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
          children: [
            linear("c_fc", hiddenSize, innerSize, { bias: true }),
            linear("c_proj", innerSize, hiddenSize, { bias: true }),
            activationModule("act", activation(config, "activation_function", "gelu_new")),
            leaf("dropout", "Dropout"),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "gpt_neo",
        prefix: "GPTNeo",
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: { kind: "decoder", tokenEmbedding: "wte", layers: "h" },
        children: [
          embedding("wte", vocabSize, hiddenSize),
          embedding("wpe", positions, hiddenSize),
          leaf("drop", "Dropout"),
          repeated("h", config.layerCount(["num_layers", "num_hidden_layers"], 24), block),
          layerNorm("ln_f", hiddenSize),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
