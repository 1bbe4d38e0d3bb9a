/** OPT: a decoder inside the backbone; narrow embeddings are projected in and out (OPT-350m). */

import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

/** Positions are counted from 2. Source: transformers models/opt/modeling_opt.py `OPTLearnedPositionalEmbedding`. */
const POSITION_OFFSET = 2;

export const opt: Blueprint = {
  modelType: "opt",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const vocabSize = config.size("vocab_size", 50272);
    const innerSize = config.size("ffn_dim", 3072);
    const width = config.optionalSize("word_embed_proj_dim") ?? hiddenSize;
    const positions = config.size("max_position_embeddings", 2048) + POSITION_OFFSET;
    const bias = config.boolean("enable_bias", true);
    const isAffine = config.boolean("layer_norm_elementwise_affine", true);
    const norm = (name: string): ModuleNode =>
      isAffine ? layerNorm(name, hiddenSize) : leaf(name, "LayerNorm");
    const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias });
    const layer = container("0", "OPTDecoderLayer", {
      children: [
        container("self_attn", "OPTAttention", {
          children: ["k_proj", "v_proj", "q_proj", "out_proj"].map(square),
        }),
        activationModule("activation_fn", activation(config, "activation_function", "relu")),
        norm("self_attn_layer_norm"),
        linear("fc1", hiddenSize, innerSize, { bias }),
        linear("fc2", innerSize, hiddenSize, { bias }),
        norm("final_layer_norm"),
      ],
    });
    const hasFinalNorm =
      config.boolean("do_layer_norm_before", true) &&
      !config.boolean("_remove_final_layer_norm", false);
    const decoder = container("decoder", "OPTDecoder", {
      children: [
        embedding("embed_tokens", vocabSize, width),
        embedding("embed_positions", positions, hiddenSize, {
          type: "OPTLearnedPositionalEmbedding",
        }),
        ...(width === hiddenSize
          ? []
          : [linear("project_out", hiddenSize, width), linear("project_in", width, hiddenSize)]),
        ...(hasFinalNorm ? [norm("final_layer_norm")] : []),
        repeated("layers", config.layerCount("num_hidden_layers", 12), layer),
      ],
    });
    return languageModel(
      {
        modelType: "opt",
        prefix: "OPT",
        taskHeads: ["ForSequenceClassification", "ForQuestionAnswering"],
        backbone: "model",
        questionAnsweringBackbone: "model",
        hiddenSize,
        headWidth: width,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "decoder",
          tokenEmbedding: "decoder.embed_tokens",
          layers: "decoder.layers",
        },
        children: [decoder],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
