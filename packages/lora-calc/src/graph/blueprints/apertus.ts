/** Apertus: normed queries and keys, and an activation (xIELU) that has two trained numbers of its own. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { llamaLike } from "../blocks/llama-like.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import type { PlainMlp } from "../blocks/mlp.js";
import type { Config } from "../../model/config.js";
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
        queryKeyNorm: "head_transposed",
        layerNorms: ["attention_layernorm", "feedforward_layernorm"],
        normPosition: {
          preAttentionNorm: "attention_layernorm",
          preMlpNorm: "feedforward_layernorm",
        },
        makeMlp: (hiddenSize, intermediateSize) =>
          plainMlp({
            type: "ApertusMLP",
            ...{ up: "up_proj", down: "down_proj", hiddenSize, intermediateSize },
            ...act(config),
          }),
      },
      config,
      context,
    ),
};

function act(config: Config): Pick<PlainMlp, "activation" | "program"> {
  if (config.string("hidden_act", "xielu") !== "xielu") {
    const other = activation(config, "hidden_act", "xielu");
    return { activation: activationModule("act_fn", other), program: { activation: other } };
  }
  const learned = container("act_fn", "XIELUActivation", {
    forward: { kind: "used_by_parent" },
    parameters: [
      { name: "alpha_p", shape: [1] },
      { name: "alpha_n", shape: [1] },
    ],
    buffers: ["beta", "eps"].map((name) => persistentBuffer(name, [], "model")),
  });
  return { activation: learned, program: { activation: "xielu" } };
}
