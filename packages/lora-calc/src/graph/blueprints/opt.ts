/** OPT: a decoder inside the backbone; narrow embeddings are projected in and out (OPT-350m). */

import type { Config } from "../../model/config.js";
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
    const width = config.optionalSize("word_embed_proj_dim") ?? hiddenSize;
    const positions = config.size("max_position_embeddings", 2048) + POSITION_OFFSET;
    const normsFirst = config.boolean("do_layer_norm_before", true);
    const hasFinalNorm = normsFirst && !config.boolean("_remove_final_layer_norm", false);
    const isNarrow = width !== hiddenSize;
    const decoder = container("decoder", "OPTDecoder", {
      forward: {
        kind: "decoder",
        tokenEmbedding: "embed_tokens",
        positionEmbedding: "embed_positions",
        unusedPositions: POSITION_OFFSET,
        countsMask: true,
        masksFirst: true,
        layers: "layers",
        ...(hasFinalNorm ? { finalNorm: "final_layer_norm" } : {}),
        ...(isNarrow ? { projectIn: "project_in", projectOut: "project_out" } : {}),
      },
      children: [
        embedding("embed_tokens", vocabSize, width),
        embedding("embed_positions", positions, hiddenSize, {
          type: "OPTLearnedPositionalEmbedding",
        }),
        ...(isNarrow
          ? [linear("project_out", hiddenSize, width), linear("project_in", width, hiddenSize)]
          : []),
        ...(hasFinalNorm ? [norm(config, "final_layer_norm", hiddenSize)] : []),
        repeated("layers", config.layerCount("num_hidden_layers", 12), layer(config, hiddenSize)),
      ],
    });
    return languageModel(
      {
        modelType: "opt",
        prefix: "OPT",
        hasOwnHeads: true,
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
        within: "decoder",
        // Norms without weights have no program.
        ...(config.boolean("layer_norm_elementwise_affine", true) ? {} : { isCountedOnly: true }),
      },
      config,
      context,
    );
  },
};

function norm(config: Config, name: string, size: number): ModuleNode {
  const isAffine = config.boolean("layer_norm_elementwise_affine", true);
  return isAffine ? layerNorm(name, size) : leaf(name, "LayerNorm");
}

function layer(config: Config, hiddenSize: number): ModuleNode {
  const innerSize = config.size("ffn_dim", 3072);
  const bias = config.boolean("enable_bias", true);
  const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias });
  const act = activation(config, "activation_function", "relu");
  const normsFirst = config.boolean("do_layer_norm_before", true);
  const dropout = config.number("dropout", 0.1);
  const heads = config.size("num_attention_heads", 12);
  return container("0", "OPTDecoderLayer", {
    forward: {
      kind: "decoder_layer",
      attention: "self_attn",
      mlp: {
        kind: "mlp",
        up: "fc1",
        down: "fc2",
        activation: act,
        activationName: "activation_fn",
      },
      preAttentionNorm: "self_attn_layer_norm",
      preMlpNorm: "final_layer_norm",
      residualDropout: dropout,
      dropsBeforeSum: true,
      ...(normsFirst ? {} : { normsSums: true }),
    },
    children: [
      container("self_attn", "OPTAttention", {
        forward: {
          kind: "attention",
          projections: {
            ...{ kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
            cuts: "query_apart",
          },
          output: "out_proj",
          heads,
          keyValueHeads: heads,
          headDim: config.divide("hidden_size", hiddenSize, heads),
          scalesQuery: true,
          attentionDropout: config.number("attention_dropout", 0),
        },
        children: ["k_proj", "v_proj", "q_proj", "out_proj"].map(square),
      }),
      activationModule("activation_fn", act),
      norm(config, "self_attn_layer_norm", hiddenSize),
      linear("fc1", hiddenSize, innerSize, { bias }),
      linear("fc2", innerSize, hiddenSize, { bias }),
      norm(config, "final_layer_norm", hiddenSize),
    ],
  });
}
