/** Arcee (AFM): llama's attention, and an MLP of two projections with squared ReLU. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { llamaLike } from "../blocks/llama-like.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";

export const arcee: Blueprint = {
  modelType: "arcee",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "arcee",
        prefix: "Arcee",
        defaults: {
          vocabSize: 32000,
          hiddenSize: 2560,
          intermediateSize: 18432,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeMlp: (hiddenSize, intermediateSize) =>
          plainMlp({
            type: "ArceeMLP",
            ...{ up: "up_proj", down: "down_proj", hiddenSize, intermediateSize },
            bias: config.boolean("mlp_bias", false),
            activation: activationModule("act_fn", activation(config, "hidden_act", "relu2")),
            program: { activation: activation(config, "hidden_act", "relu2") },
          }),
      },
      config,
      context,
    ),
};
