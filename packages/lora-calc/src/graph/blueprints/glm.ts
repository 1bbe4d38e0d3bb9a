/** GLM-4 (glm) and GLM-4-0414 (glm4): fused gate and up, half of every head rotates, no bias on the output projection. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { fusedGatedMlp } from "../blocks/mlp.js";
import type { ModuleGraph } from "../tree/module-graph.js";

export const glm: Blueprint = {
  modelType: "glm",
  build: (config, context) => build(config, context, { modelType: "glm", prefix: "Glm" }),
};

/** Two more norms per layer, on the outputs of attention and MLP. */
export const glm4: Blueprint = {
  modelType: "glm4",
  build: (config, context) =>
    build(config, context, {
      modelType: "glm4",
      prefix: "Glm4",
      layerNorms: [
        ...["input_layernorm", "post_attention_layernorm"],
        ...["post_self_attn_layernorm", "post_mlp_layernorm"],
      ],
      normPosition: {
        preAttentionNorm: "input_layernorm",
        postAttentionNorm: "post_self_attn_layernorm",
        preMlpNorm: "post_attention_layernorm",
        postMlpNorm: "post_mlp_layernorm",
      },
    }),
};

function build(
  config: Config,
  context: BuildContext,
  family: Pick<LlamaLike, "modelType" | "prefix" | "layerNorms" | "normPosition">,
): ModuleGraph {
  return llamaLike(
    {
      ...family,
      taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
      defaults: {
        vocabSize: 151552,
        hiddenSize: 4096,
        intermediateSize: 13696,
        layers: 40,
        heads: 32,
        keyValueHeads: 2,
        headDim: 128,
      },
      attentionBias: config.boolean("attention_bias", true) ? "query_key_value" : false,
      tied: config.boolean("tie_word_embeddings", false),
      makeMlp: (hiddenSize, intermediateSize) =>
        fusedGatedMlp({
          type: `${family.prefix}MLP`,
          hiddenSize,
          intermediateSize,
          activation: activation(config, "hidden_act", "silu"),
        }),
      rotaryShare: config.number("partial_rotary_factor", 0.5),
      rotary: "partial_pairs",
    },
    config,
    context,
  );
}
