/** Gemma 4's language model: wider heads where attention is full, last layers without keys of their own, perhaps experts. */

import type { Config } from "../../model/config.js";
import { gemma4Layer, gemma4Norm, headDimOf, keyValueWidth } from "../blocks/gemma4-layer.js";
import type { Gemma4Sizes } from "../blocks/gemma4-layer.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import { renamedClasses } from "../blocks/renamed-classes.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { DecoderForward, RotaryForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, embedding, linear, repeatedBy } from "../tree/vocabulary.js";

export const gemma4Text: Blueprint = {
  modelType: "gemma4_text",
  build: (config, context) => languageModel(gemma4Parts(config), config, context),
};

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
    isCountedOnly: true,
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
  extras: Pick<Gemma4Sizes, "perLayerWidth" | "hasExperts">,
): LanguageModelParts {
  const layers = config.layerCount("num_hidden_layers", 30);
  const sizes: Gemma4Sizes = {
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
    forward: decoderForward(sizes, types),
    // Layers that see both ways have no program; keys that no layer leaves are none (KeyError).
    isCountedOnly:
      types.some((type) => !types.slice(0, Math.max(sizes.firstShared, 0)).includes(type)) ||
      config.string("use_bidirectional_attention", "") === "all",
    softcap: config.has("final_logit_softcapping"),
    capsLogits: true,
    children: [
      scaledEmbedding("embed_tokens", vocabSize, hiddenSize),
      layerList(config, sizes, types),
      gemma4Norm("norm", hiddenSize),
      rotary(config, [...new Set(types)].sort()),
      ...perLayerInputs(config, sizes),
    ],
  };
}

type LayerType = "full_attention" | "sliding_attention";

function layerList(config: Config, sizes: Gemma4Sizes, types: readonly LayerType[]): ModuleNode {
  const { layers, firstShared } = sizes;
  const window = windowOf(config, types, 512);
  const sharesKeys = (index: number): boolean => firstShared >= 0 && index >= firstShared;
  const leavesKeys = (index: number): boolean =>
    index ===
    types.slice(0, Math.max(firstShared, 0)).lastIndexOf(types[index] ?? "full_attention");
  const keyOf = (index: number): string =>
    `${types[index]} ${sharesKeys(index)} ${leavesKeys(index)}`;
  return repeatedBy("layers", layers, keyOf, (_, index) =>
    gemma4Layer(config, sizes, {
      isFull: types[index] === "full_attention",
      sharesKeys: sharesKeys(index),
      leavesKeys: leavesKeys(index),
      window: window(index),
    }),
  );
}

function decoderForward(
  { layers, perLayerWidth }: Gemma4Sizes,
  types: readonly LayerType[],
): DecoderForward {
  return {
    ...USUAL_DECODER,
    layerTypes: types,
    sharesKeys: true,
    ...(perLayerWidth === 0
      ? {}
      : {
          perLayerInputs: {
            table: "embed_tokens_per_layer",
            projection: "per_layer_model_projection",
            norm: "per_layer_projection_norm",
            layers,
          },
        }),
  };
}

function scaledEmbedding(name: string, rows: number, dim: number): ModuleNode {
  return embedding(name, rows, dim, { type: "Gemma4TextScaledWordEmbedding", scaled: true });
}

/** A second embedding, of as many short vectors for a token as there are layers. */
function perLayerInputs(
  config: Config,
  { hiddenSize, layers, perLayerWidth }: Gemma4Sizes,
): readonly ModuleNode[] {
  if (perLayerWidth === 0) return [];
  const width = layers * perLayerWidth;
  const rows = config.size("vocab_size_per_layer_input", 262144);
  return [
    scaledEmbedding("embed_tokens_per_layer", rows, width),
    linear("per_layer_model_projection", hiddenSize, width),
    gemma4Norm("per_layer_projection_norm", perLayerWidth),
  ];
}

/** A pair of tables per kind of attention, as wide as its heads. */
function rotary(config: Config, types: readonly string[]): ModuleNode {
  const dims = types.map((type): readonly [string, number] => [
    type,
    headDimOf(config, type === "full_attention"),
  ]);
  const forward: RotaryForward = {
    kind: "rotary",
    dim: headDimOf(config, false),
    perLayerType: types,
    dimOfType: Object.fromEntries(dims),
  };
  return container("rotary_emb", "Gemma4TextRotaryEmbedding", {
    forward,
    buffers: dims.flatMap(([type, dim]) => {
      const shape = [Math.ceil(dim / 2)];
      return [buffer(`${type}_inv_freq`, shape), buffer(`${type}_original_inv_freq`, shape)];
    }),
  });
}
