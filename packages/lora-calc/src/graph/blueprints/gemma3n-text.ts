/**
 * Gemma 3n's language model: several copies of the stream that take turns (AltUp), a low-rank side path (Laurel), a short
 * vector for each token and layer, and last layers without keys of their own.
 */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activation } from "../blocks/activation.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model.js";
import { activationModule, gatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { layerTypes } from "../blocks/sliding-window.js";
import type { LayerType } from "../blocks/sliding-window.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  leaf,
  linear,
  repeated,
  repeatedBy,
  rmsNorm,
} from "../tree/vocabulary.js";
import { missing } from "../../problem/missing.js";

export const gemma3nText: Blueprint = {
  modelType: "gemma3n_text",
  build: (config, context) => languageModel(gemma3nParts(config), config, context),
};

interface Sizes {
  readonly hiddenSize: number;
  readonly headDim: number;
  /** Width of the vector that each token adds to each layer. */
  readonly perLayerWidth: number;
  /** Copies of the stream. */
  readonly copies: number;
}

/** Also the language part of the model that sees and hears. */
export function gemma3nParts(config: Config): LanguageModelParts {
  const layers = config.layerCount("num_hidden_layers", 35);
  const sizes: Sizes = {
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
  const perLayer = layers * perLayerWidth;
  const copyProjections = repeated("", copies - 1, linear("", hiddenSize, hiddenSize));
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
    forward: USUAL_DECODER,
    isCountedOnly: true,
    buffers: [buffer("per_layer_projection_scale", []), buffer("per_layer_input_scale", [])],
    children: [
      scaledEmbedding("embed_tokens", vocabSize, hiddenSize),
      repeatedBy(
        "layers",
        layers,
        (index) => `${index >= firstShared} ${widths(index)}`,
        (_, index) => decoderLayer(config, sizes, index >= firstShared, widths(index)),
      ),
      norm("norm", hiddenSize),
      rotaryEmbedding("Gemma3nRotaryEmbedding", sizes.headDim, {
        perLayerType: [...new Set(types)].sort(),
      }),
      scaledEmbedding(
        "embed_tokens_per_layer",
        config.size("vocab_size_per_layer_input", 262144),
        perLayer,
      ),
      linear("per_layer_model_projection", hiddenSize, perLayer),
      norm("per_layer_projection_norm", perLayerWidth),
      { ...copyProjections, name: "altup_projections" },
      { ...copyProjections, name: "altup_unembed_projections" },
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

function norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma3nRMSNorm", size);
}

function scaledEmbedding(name: string, rows: number, dim: number): ModuleNode {
  return embedding(name, rows, dim, { type: "Gemma3nTextScaledWordEmbedding", scaled: true });
}

function decoderLayer(
  config: Config,
  sizes: Sizes,
  sharesKeys: boolean,
  intermediateSize: number,
): ModuleNode {
  const { hiddenSize, perLayerWidth } = sizes;
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  return container("0", "Gemma3nTextDecoderLayer", {
    children: [
      attention(config, sizes, sharesKeys),
      gatedMlp({ type: "Gemma3nTextMLP", hiddenSize, intermediateSize, activation: act }),
      ...["input", "post_attention", "pre_feedforward", "post_feedforward"].map((place) =>
        norm(`${place}_layernorm`, hiddenSize),
      ),
      activationModule("act_fn", act),
      alternatingUpdates(sizes),
      laurel(config, hiddenSize),
      linear("per_layer_input_gate", hiddenSize, perLayerWidth),
      linear("per_layer_projection", perLayerWidth, hiddenSize),
      norm("post_per_layer_input_norm", hiddenSize),
    ],
  });
}

function attention(
  config: Config,
  { hiddenSize, headDim }: Sizes,
  sharesKeys: boolean,
): ModuleNode {
  const bias = config.boolean("attention_bias", false);
  const queries = config.size("num_attention_heads", 8) * headDim;
  const keys = config.size("num_key_value_heads", 2) * headDim;
  return container("self_attn", "Gemma3nTextAttention", {
    children: [
      linear("q_proj", hiddenSize, queries, { bias }),
      norm("q_norm", headDim),
      ...(sharesKeys
        ? []
        : [
            linear("k_proj", hiddenSize, keys, { bias }),
            linear("v_proj", hiddenSize, keys, { bias }),
            norm("k_norm", headDim),
            leaf("v_norm", "Gemma3nRMSNorm"),
          ]),
      linear("o_proj", queries, hiddenSize, { bias }),
    ],
  });
}

/** Predicts the copies of the stream from each other and corrects them by what the layer made of one. */
function alternatingUpdates({ hiddenSize, copies }: Sizes): ModuleNode {
  return container("altup", "Gemma3nTextAltUp", {
    parameters: [{ name: "correct_output_scale", shape: [hiddenSize] }],
    buffers: [buffer("router_input_scale", [])],
    children: [
      linear("correction_coefs", copies, copies),
      linear("prediction_coefs", copies, copies ** 2),
      linear("modality_router", hiddenSize, copies),
      norm("router_norm", hiddenSize),
    ],
  });
}

function laurel(config: Config, hiddenSize: number): ModuleNode {
  const rank = config.size("laurel_rank", 64);
  return container("laurel", "Gemma3nTextLaurelBlock", {
    children: [
      linear("linear_left", hiddenSize, rank),
      linear("linear_right", rank, hiddenSize),
      norm("post_laurel_norm", hiddenSize),
    ],
  });
}
