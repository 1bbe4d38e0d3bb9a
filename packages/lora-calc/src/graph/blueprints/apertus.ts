/** Apertus: normed queries and keys, and an activation (xIELU) that has two trained numbers of its own. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { llamaLike } from "../blocks/llama-like.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { persistentBuffer, container } from "../tree/vocabulary.js";

export const apertus: Blueprint = {
  modelType: "apertus",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "apertus",
        prefix: "Apertus",
        taskHeads: ["ForTokenClassification"],
        defaults: {
          vocabSize: 131072,
          hiddenSize: 4096,
          intermediateSize: 14336,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        queryKeyNorm: "head",
        layerNorms: ["attention_layernorm", "feedforward_layernorm"],
        makeMlp: (hiddenSize, intermediateSize) =>
          plainMlp({
            type: "ApertusMLP",
            ...{ up: "up_proj", down: "down_proj", hiddenSize, intermediateSize },
            activation: act(config),
          }),
        isCountedOnly: true,
      },
      config,
      context,
    ),
};

function act(config: Config): ModuleNode {
  if (config.string("hidden_act", "xielu") !== "xielu") {
    return activationModule("act_fn", activation(config, "hidden_act", "xielu"));
  }
  return container("act_fn", "XIELUActivation", {
    parameters: [
      { name: "alpha_p", shape: [1] },
      { name: "alpha_n", shape: [1] },
    ],
    buffers: [persistentBuffer("beta", []), persistentBuffer("eps", [])],
  });
}
