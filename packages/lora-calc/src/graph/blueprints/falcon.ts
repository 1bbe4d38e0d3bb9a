/** Falcon 1 and 2: one projection for queries, keys and values, whose width is what the architecture's switches say. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import type { AttentionForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const falcon: Blueprint = {
  modelType: "falcon",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4544);
    const vocabSize = config.size("vocab_size", 65024);
    const heads = config.size(["num_attention_heads", "n_head"], 71);
    const headDim = config.divide("hidden_size", hiddenSize, heads);
    return languageModel(
      {
        modelType: "falcon",
        prefix: "Falcon",
        hasOwnHeads: true,
        hiddenDropout: 0,
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "decoder",
          ...{ tokenEmbedding: "word_embeddings", rotary: "rotary_emb", layers: "h" },
          ...{ finalNorm: "ln_f", alwaysMasks: true },
        },
        children: [
          embedding("word_embeddings", vocabSize, hiddenSize),
          repeated(
            "h",
            config.layerCount(["num_hidden_layers", "n_layer"], 32),
            layer(config, { hiddenSize, heads, headDim }),
          ),
          layerNorm("ln_f", hiddenSize),
          rotaryEmbedding("FalconRotaryEmbedding", headDim),
        ],
        isCountedOnly: !hasProgram(config, heads),
      },
      config,
      context,
    );
  },
};

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headDim: number;
}

/** Rotary embeddings, attention beside the MLP, and no biases: Falcon 7B, 40B, 180B and 2. The others (RW) are counted. */
function hasProgram(config: Config, heads: number): boolean {
  const isNew = config.boolean("new_decoder_architecture", false);
  // The old architecture asks for the one norm even where it has two.
  if (isNew ? heads % groupsOf(config, heads) !== 0 : normNames(config).length === 2) return false;
  return (
    !config.boolean("alibi", false) &&
    !config.boolean("bias", false) &&
    config.boolean("parallel_attn", true) &&
    (isNew || config.boolean("multi_query", true))
  );
}

function groupsOf(config: Config, heads: number): number {
  return config.optionalSize("num_kv_heads") ?? heads;
}

function attentionForward(config: Config, { heads, headDim }: Sizes): AttentionForward {
  const isNew = config.boolean("new_decoder_architecture", false);
  return {
    kind: "attention",
    projections: {
      ...{ kind: "fused_groups", fused: "query_key_value" },
      groups: isNew ? groupsOf(config, heads) : 1,
    },
    ...{ output: "dense", heads, headDim, keyValueHeads: isNew ? heads : 1, rotary: "full" },
    // Only the kernel that adds ALiBi drops shares of attention.
    attentionDropout: 0,
    dividesInPlace: true,
    ...(isNew ? {} : { broadcastsKeys: true }),
  };
}

function layer(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize } = sizes;
  const [attentionNorm, mlpNorm] = normNames(config);
  const act = activation(config, "activation", "gelu");
  const options = {
    bias: config.boolean("bias", false),
    type: "FalconLinear",
    writtenOut: true,
  } as const;
  const width = config.optionalSize("ffn_hidden_size") ?? 4 * hiddenSize;
  return container("0", "FalconDecoderLayer", {
    forward: {
      ...{ kind: "decoder_layer", attention: "self_attention", mlp: "mlp" },
      ...{ parallel: true, joinsInPlace: true, returnsScores: true },
      ...(attentionNorm === undefined ? {} : { preAttentionNorm: attentionNorm }),
      ...(mlpNorm === undefined ? {} : { preMlpNorm: mlpNorm }),
      residualDropout: config.number("hidden_dropout", 0),
    },
    children: [
      container("self_attention", "FalconAttention", {
        forward: attentionForward(config, sizes),
        children: [
          linear("query_key_value", hiddenSize, projectionWidth(config, sizes), options),
          linear("dense", hiddenSize, hiddenSize, options),
          leaf("attention_dropout", "Dropout"),
        ],
      }),
      container("mlp", "FalconMLP", {
        forward: {
          ...{ kind: "mlp", up: "dense_h_to_4h", activation: act, activationName: "act" },
          down: "dense_4h_to_h",
        },
        children: [
          linear("dense_h_to_4h", hiddenSize, width, options),
          activationModule("act", act),
          linear("dense_4h_to_h", width, hiddenSize, options),
        ],
      }),
      ...normNames(config).map((name) => layerNorm(name, hiddenSize)),
    ],
  });
}

/** One key and value head (7B), some (40B), or as many as queries (RW). */
function projectionWidth(config: Config, { hiddenSize, heads, headDim }: Sizes): number {
  if (config.boolean("new_decoder_architecture", false)) {
    return (2 * groupsOf(config, heads) + heads) * headDim;
  }
  return config.boolean("multi_query", true) ? hiddenSize + 2 * headDim : 3 * hiddenSize;
}

function normNames(config: Config): readonly string[] {
  if (!config.boolean("parallel_attn", true)) {
    return ["post_attention_layernorm", "input_layernorm"];
  }
  const isNew = config.boolean("new_decoder_architecture", false);
  const norms = config.optionalSize("num_ln_in_parallel_attn") ?? (isNew ? 2 : 1);
  return norms === 2 ? ["ln_attn", "ln_mlp"] : ["input_layernorm"];
}
