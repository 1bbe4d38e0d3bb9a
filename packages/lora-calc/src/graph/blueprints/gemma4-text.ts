/** Gemma 4's language model: wider heads where attention is full, last layers without keys of their own, perhaps experts. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activation } from "../blocks/activation.js";
import { fusedExperts } from "../blocks/experts.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model.js";
import { activationModule, gatedMlp } from "../blocks/mlp.js";
import { renamedClasses } from "../blocks/renamed-classes.js";
import { layerTypes } from "../blocks/sliding-window.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  persistentBuffer,
  container,
  embedding,
  leaf,
  linear,
  repeatedBy,
  rmsNorm,
} from "../tree/vocabulary.js";

export const gemma4Text: Blueprint = {
  modelType: "gemma4_text",
  build: (config, context) => languageModel(gemma4Parts(config), config, context),
};

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly layers: number;
  /** Width of the vector that each token adds to each layer; 0 = none. */
  readonly perLayerWidth: number;
  /** Experts stand beside the MLP. */
  readonly hasExperts: boolean;
  /** Index of the first layer that uses the keys and values of an earlier one. */
  readonly firstShared: number;
}

interface LayerKind {
  readonly isFull: boolean;
  readonly sharesKeys: boolean;
}

/** The same without vectors per layer and without experts, for a model that sees and hears without towers. */
export const gemma4UnifiedText: Blueprint = {
  modelType: "gemma4_unified_text",
  build: (config, context) => languageModel(gemma4UnifiedParts(config), config, context),
};

/** Also the language part of the models that see and hear. */
export function gemma4Parts(config: Config): LanguageModelParts {
  return languageParts(config, {
    perLayerWidth: config.integer("hidden_size_per_layer_input", 256),
    hasExperts: config.boolean("enable_moe_block", false),
  });
}

export function gemma4UnifiedParts(config: Config): LanguageModelParts {
  const parts = languageParts(config, { perLayerWidth: 0, hasExperts: false });
  return {
    ...parts,
    modelType: "gemma4_unified_text",
    prefix: "Gemma4Unified",
    backboneType: "Gemma4UnifiedTextModel",
    children: parts.children.map(
      (child) => child && renamedClasses(child, "Gemma4", "Gemma4Unified"),
    ),
  };
}

function languageParts(
  config: Config,
  extras: Pick<Sizes, "perLayerWidth" | "hasExperts">,
): LanguageModelParts {
  const layers = config.layerCount("num_hidden_layers", 30);
  const sizes: Sizes = {
    hiddenSize: config.size("hidden_size", 2304),
    heads: config.size("num_attention_heads", 8),
    layers,
    ...extras,
    firstShared: layers - config.integer("num_kv_shared_layers", 0),
  };
  const { hiddenSize } = sizes;
  const vocabSize = config.size("vocab_size", 262144);
  // The last layer is full whatever the list says.
  const types = layerTypes(config, layers, (index) =>
    (index + 1) % 6 === 0 ? "full_attention" : "sliding_attention",
  ).map((type, index) => (index === layers - 1 ? "full_attention" : type));
  const keyOf = (index: number): string => `${types[index]} ${index >= sizes.firstShared}`;
  return {
    modelType: "gemma4_text",
    prefix: "Gemma4",
    backbone: "model",
    backboneType: "Gemma4TextModel",
    taskHeads: [],
    hiddenSize,
    // PEFT shapes prefixes for the layers with the wider heads.
    keyValueSize: keyValueWidth(config, headDimOf(config, true) > headDimOf(config, false)),
    vocabSize,
    tied: config.boolean("tie_word_embeddings", true),
    forward: USUAL_DECODER,
    isCountedOnly: true,
    children: [
      scaledEmbedding("embed_tokens", vocabSize, hiddenSize),
      repeatedBy("layers", layers, keyOf, (_, index) =>
        decoderLayer(config, sizes, {
          isFull: types[index] === "full_attention",
          sharesKeys: index >= sizes.firstShared && sizes.firstShared >= 0,
        }),
      ),
      norm("norm", hiddenSize),
      rotary(config, [...new Set(types)].sort()),
      ...perLayerInputs(config, sizes),
    ],
  };
}

function norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma4RMSNorm", size);
}

function scaledEmbedding(name: string, rows: number, dim: number): ModuleNode {
  return embedding(name, rows, dim, { type: "Gemma4TextScaledWordEmbedding", scaled: true });
}

/** A second embedding, of as many short vectors for a token as there are layers. */
function perLayerInputs(
  config: Config,
  { hiddenSize, layers, perLayerWidth }: Sizes,
): readonly ModuleNode[] {
  if (perLayerWidth === 0) return [];
  const width = layers * perLayerWidth;
  const rows = config.size("vocab_size_per_layer_input", 262144);
  return [
    scaledEmbedding("embed_tokens_per_layer", rows, width),
    linear("per_layer_model_projection", hiddenSize, width),
    norm("per_layer_projection_norm", perLayerWidth),
  ];
}

function headDimOf(config: Config, isFull: boolean): number {
  return isFull ? config.size("global_head_dim", 512) : config.size("head_dim", 256);
}

/** Full layers may have another number of heads for keys, where values are keys. */
function keyValueWidth(config: Config, isFull: boolean): number {
  const own = config.size("num_key_value_heads", 4);
  const differs = isFull && config.boolean("attention_k_eq_v", false);
  const heads = differs ? (config.optionalSize("num_global_key_value_heads") ?? own) : own;
  return heads * headDimOf(config, isFull);
}

function rotary(config: Config, types: readonly string[]): ModuleNode {
  return container("rotary_emb", "Gemma4TextRotaryEmbedding", {
    buffers: types.flatMap((type) => {
      const shape = [Math.ceil(headDimOf(config, type === "full_attention") / 2)];
      return [buffer(`${type}_inv_freq`, shape), buffer(`${type}_original_inv_freq`, shape)];
    }),
  });
}

function attention(
  config: Config,
  { hiddenSize, heads }: Sizes,
  { isFull, sharesKeys }: LayerKind,
): ModuleNode {
  const headDim = headDimOf(config, isFull);
  const bias = config.boolean("attention_bias", false);
  const valuesAreKeys = config.boolean("attention_k_eq_v", false) && isFull;
  const width = keyValueWidth(config, isFull);
  return container("self_attn", "Gemma4TextAttention", {
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      norm("q_norm", headDim),
      ...(sharesKeys
        ? []
        : [
            norm("k_norm", headDim),
            leaf("v_norm", "Gemma4RMSNorm"),
            linear("k_proj", hiddenSize, width, { bias }),
            ...(valuesAreKeys ? [] : [linear("v_proj", hiddenSize, width, { bias })]),
          ]),
      linear("o_proj", heads * headDim, hiddenSize, { bias }),
    ],
  });
}

function decoderLayer(config: Config, sizes: Sizes, kind: LayerKind): ModuleNode {
  const { hiddenSize, perLayerWidth, firstShared } = sizes;
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  const isWide = kind.sharesKeys && firstShared > 0 && config.boolean("use_double_wide_mlp", false);
  return container("0", "Gemma4TextDecoderLayer", {
    buffers: [persistentBuffer("layer_scalar", [1])],
    children: [
      attention(config, sizes, kind),
      gatedMlp({
        type: "Gemma4TextMLP",
        hiddenSize,
        intermediateSize: config.size("intermediate_size", 9216) * (isWide ? 2 : 1),
        activation: act,
      }),
      ...["input", "post_attention", "pre_feedforward", "post_feedforward"].map((place) =>
        norm(`${place}_layernorm`, hiddenSize),
      ),
      ...(perLayerWidth === 0
        ? []
        : [
            activationModule("act_fn", act),
            linear("per_layer_input_gate", hiddenSize, perLayerWidth),
            linear("per_layer_projection", perLayerWidth, hiddenSize),
            norm("post_per_layer_input_norm", hiddenSize),
          ]),
      ...(sizes.hasExperts ? expertBlock(config, hiddenSize) : []),
    ],
  });
}

/** Experts stand beside the MLP, not in its place. */
function expertBlock(config: Config, hiddenSize: number): readonly ModuleNode[] {
  const experts = config.optionalSize("num_experts");
  const intermediateSize = config.optionalSize("moe_intermediate_size");
  if (experts === undefined || intermediateSize === undefined) {
    reject({
      code: "missing_field",
      path: config.fields.at(experts === undefined ? "num_experts" : "moe_intermediate_size"),
      message: "enable_moe_block needs num_experts and moe_intermediate_size",
      expected: "whole number",
    });
  }
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  return [
    container("router", "Gemma4TextRouter", {
      parameters: [
        { name: "scale", shape: [hiddenSize] },
        { name: "per_expert_scale", shape: [experts] },
      ],
      children: [leaf("norm", "Gemma4RMSNorm"), linear("proj", hiddenSize, experts)],
    }),
    fusedExperts({ type: "Gemma4TextExperts", experts, hiddenSize, intermediateSize }, act),
    norm("post_feedforward_layernorm_1", hiddenSize),
    norm("post_feedforward_layernorm_2", hiddenSize),
    norm("pre_feedforward_layernorm_2", hiddenSize),
  ];
}
