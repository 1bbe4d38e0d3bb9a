/** Command R: one norm per layer for attention and MLP side by side, norms without bias, tied head. */

import type { Config } from "../../model/config.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import type { Sizes } from "../blocks/llama/sizes.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm } from "../tree/vocabulary.js";

const SIZES = {
  vocabSize: 256000,
  hiddenSize: 8192,
  intermediateSize: 22528,
  layers: 40,
  heads: 64,
};

export const cohere: Blueprint = {
  modelType: "cohere",
  build: (config, context) =>
    build(config, context, {
      modelType: "cohere",
      prefix: "Cohere",
      ...(config.boolean("use_qk_norm", false)
        ? { queryKeyNorm: "head", makeHeadNorms: headNorms, cuts: "moved_after_norms" }
        : {}),
    }),
};

/** Command R7B and Command A: three of four layers slide, and the full ones do not rotate. */
export const cohere2: Blueprint = {
  modelType: "cohere2",
  build: (config, context) => {
    const layers = config.layerCount("num_hidden_layers", SIZES.layers);
    const pattern = config.size("sliding_window_pattern", 4);
    const types = layerTypes(config, layers, (index) =>
      (index + 1) % pattern === 0 ? "full_attention" : "sliding_attention",
    );
    return build(config, context, {
      modelType: "cohere2",
      prefix: "Cohere2",
      layerTypes: types,
      slidingWindow: windowOf(config, types, 4096),
      rotates: (index) => types[index] === "sliding_attention",
    });
  },
};

function build(
  config: Config,
  context: BuildContext,
  family: Omit<LlamaLike, "defaults" | "tied">,
): ModuleGraph {
  const type = `${family.prefix}LayerNorm`;
  return llamaLike(
    {
      ...family,
      taskHeads: [],
      defaults: SIZES,
      attentionBias: config.boolean("attention_bias", false),
      tied: config.boolean("tie_word_embeddings", true),
      makeNorm: (name, size) => layerNorm(name, size, { bias: false, type, variant: "by_hand" }),
      normPosition: { preAttentionNorm: "input_layernorm" },
      isParallel: true,
      rotary: "full_pairs_cast_first",
      rotaryIsInterleaved: true,
      multipliedLogits: "by_logit_scale",
    },
    config,
    context,
  );
}

/** One weight per head: (heads, head_dim). */
function headNorms({ heads, keyValueHeads, headDim }: Sizes): readonly [ModuleNode, ModuleNode] {
  const make = (name: string, count: number): ModuleNode =>
    container(name, "CohereLayerNorm", {
      parameters: [{ name: "weight", shape: [count, headDim] }],
      forward: { kind: "layer_norm", variant: "by_hand" },
    });
  return [make("q_norm", heads), make("k_norm", keyValueHeads)];
}
