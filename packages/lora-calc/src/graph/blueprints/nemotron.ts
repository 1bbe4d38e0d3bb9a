/** Nemotron 3 and 4, Minitron: LayerNorms around 1, squared ReLU, half of every head rotates. */

import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import { layerNorm } from "../tree/vocabulary.js";

export const nemotron: Blueprint = {
  modelType: "nemotron",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "nemotron",
        prefix: "Nemotron",
        defaults: {
          vocabSize: 256000,
          hiddenSize: 6144,
          intermediateSize: 24576,
          layers: 32,
          heads: 48,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name, size) =>
          layerNorm(name, size, { type: "NemotronLayerNorm1P", variant: "unit_offset" }),
        makeMlp: (hiddenSize, intermediateSize) =>
          plainMlp({
            type: "NemotronMLP",
            ...{ up: "up_proj", down: "down_proj", hiddenSize, intermediateSize },
            bias: config.boolean("mlp_bias", false),
            activation: activationModule("act_fn", activation(config, "hidden_act", "relu2")),
            program: { activation: activation(config, "hidden_act", "relu2") },
          }),
        rotary: "partial_together",
        rotaryShare: config.number("partial_rotary_factor", 0.5),
      },
      config,
      context,
    ),
};
