/**
 * Gemma 3n's language model: several copies of the stream that take turns (AltUp), a low-rank side path (Laurel), a short
 * vector for each token and layer, and last layers without keys of their own.
 */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { gemma3nLayer, gemma3nNorm } from "../blocks/gemma3n-layer.js";
import type { Gemma3nLayerKind, Gemma3nSizes } from "../blocks/gemma3n-layer.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";
import type { LayerType } from "../blocks/sliding-window.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, embedding, linear, repeated, repeatedBy } from "../tree/vocabulary.js";
import { missing } from "../../problem/missing.js";

export const gemma3nText: Blueprint = {
  modelType: "gemma3n_text",
  build: (config, context) => languageModel(gemma3nParts(config, context), config, context),
};

/** Also the language part of the model that sees and hears. */
export function gemma3nParts(config: Config, { world }: BuildContext): LanguageModelParts {
  const { checksOwnTokens } = world.rules;
  const layers = config.layerCount("num_hidden_layers", 35);
  const sizes: Gemma3nSizes = {
    hiddenSize: config.size("hidden_size", 2048),
    headDim: config.size("head_dim", 256),
    perLayerWidth: config.size("hidden_size_per_layer_input", 256),
    copies: config.layerCount("altup_num_inputs", 4),
  };
  const { hiddenSize, perLayerWidth, copies } = sizes;
  const vocabSize = config.size("vocab_size", 262400);
  const types = layerTypes(config, layers, (index) =>
    (index + 1) % 5 === 0 ? "full_attention" : "sliding_attention",
  );
  const firstShared = firstSharedLayer(config, types);
  const widths = widthsOf(config, layers);
  const window = windowOf(config, types, 512);
  const sparsity = sparsityOf(config, layers);
  const kindOf = (index: number): Gemma3nLayerKind => ({
    type: types[index] ?? "full_attention",
    sharesKeys: index >= firstShared,
    leavesKeys: index === types.slice(0, firstShared).lastIndexOf(types[index] ?? missing()),
    intermediateSize: widths(index),
    isCut: sparsity(index) > 0,
    window: window(index),
  });
  const perLayer = layers * perLayerWidth;
  const projections = (name: string): ModuleNode =>
    repeated(name, copies - 1, linear("0", hiddenSize, hiddenSize));
  return {
    modelType: "gemma3n_text",
    prefix: "Gemma3n",
    backbone: "model",
    backboneType: "Gemma3nTextModel",
    taskHeads: [],
    hiddenSize,
    keyValueSize: config.size("num_key_value_heads", 2) * sizes.headDim,
    vocabSize,
    tied: config.boolean("tie_word_embeddings", true),
    ...{ softcap: true, capsLogits: true },
    forward: {
      ...USUAL_DECODER,
      layerTypes: types,
      sharesKeys: true,
      streams: {
        projections: "altup_projections",
        unembeds: "altup_unembed_projections",
        clamps: checksOwnTokens,
      },
      perLayerInputs: {
        ...{ table: "embed_tokens_per_layer", projection: "per_layer_model_projection" },
        ...{
          norm: "per_layer_projection_norm",
          layers,
          scaledBy: "per_layer_projection_scale",
          checksTokens: checksOwnTokens,
        },
      },
    },
    // Another stream than the first may be the active one, which has no program.
    isCountedOnly: config.integer("altup_active_idx", 0) !== 0 || copies < 2,
    buffers: ["per_layer_projection_scale", "per_layer_input_scale"].map((name) =>
      buffer(name, [], "model"),
    ),
    children: [
      scaledEmbedding("embed_tokens", vocabSize, hiddenSize),
      repeatedBy(
        "layers",
        layers,
        (index) => Object.values(kindOf(index)).join(" "),
        (_, index) => gemma3nLayer(config, sizes, kindOf(index)),
      ),
      gemma3nNorm("norm", hiddenSize),
      rotaryEmbedding("Gemma3nRotaryEmbedding", sizes.headDim, {
        perLayerType: [...new Set(types)].sort(),
      }),
      scaledEmbedding(
        "embed_tokens_per_layer",
        config.size("vocab_size_per_layer_input", 262144),
        perLayer,
      ),
      linear("per_layer_model_projection", hiddenSize, perLayer),
      gemma3nNorm("per_layer_projection_norm", perLayerWidth),
      projections("altup_projections"),
      projections("altup_unembed_projections"),
    ],
  };
}

/** Layers from here on use the keys of the last one of their type before it; without such a one the class raises ValueError. */
function firstSharedLayer(config: Config, types: readonly LayerType[]): number {
  const first = types.length - config.integer("num_kv_shared_layers", 15);
  const before = types.slice(0, first);
  const orphan = types.find((type) => !before.includes(type));
  if (orphan !== undefined) {
    reject({
      code: "invalid_value",
      path: config.fields.at("num_kv_shared_layers"),
      message: `no layer before the last ${types.length - first} has ${orphan}, so none can share its keys; lower num_kv_shared_layers`,
      received: types.length - first,
    });
  }
  return first > 0 ? first : types.length;
}

/** One width for all layers or a list of them. */
function widthsOf(config: Config, layers: number): (index: number) => number {
  const given = config.fields.get("intermediate_size");
  if (!Array.isArray(given)) {
    const width = config.size("intermediate_size", 16384);
    return () => width;
  }
  const list = config.sizes("intermediate_size") ?? [];
  if (list.length !== layers) {
    reject({
      code: "invalid_value",
      path: config.fields.at("intermediate_size"),
      message: `intermediate_size must be one width or one for each of ${layers} layers`,
      received: list.length,
      expected: layers,
    });
  }
  return (index) => list[index] ?? missing();
}

/**
 * A share for each layer, or one for all.
 *
 * Source: transformers models/gemma3n/configuration_gemma3n.py `__post_init__`: 0.95 in the first ten where nothing is said.
 */
function sparsityOf(config: Config, layers: number): (index: number) => number {
  const given = config.fields.get("activation_sparsity_pattern");
  if (typeof given === "number") return () => given;
  if (!Array.isArray(given)) {
    const sparse = layers > 10 ? 10 : 0;
    return (index) => (index < sparse ? 0.95 : 0);
  }
  return (index) => (typeof given[index] === "number" ? given[index] : 0);
}

function scaledEmbedding(name: string, rows: number, dim: number): ModuleNode {
  return embedding(name, rows, dim, { type: "Gemma3nTextScaledWordEmbedding", scaled: true });
}
