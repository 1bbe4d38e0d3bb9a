/** Command R: one norm per layer for attention and MLP side by side, norms without bias, tied head. */

import type { Config } from "../../model/config.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
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
      ...(config.boolean("use_qk_norm", false) ? { attentionTail: headNorms } : {}),
    }),
};

/** Command R7B and Command A: three of four layers slide, and the full ones do not rotate. */
export const cohere2: Blueprint = {
  modelType: "cohere2",
  build: (config, context) => build(config, context, { modelType: "cohere2", prefix: "Cohere2" }),
};

function build(
  config: Config,
  context: BuildContext,
  family: Pick<LlamaLike, "modelType" | "prefix" | "attentionTail">,
): ModuleGraph {
  const type = `${family.prefix}LayerNorm`;
  return llamaLike(
    {
      ...family,
      taskHeads: [],
      defaults: SIZES,
      attentionBias: config.boolean("attention_bias", false),
      tied: config.boolean("tie_word_embeddings", true),
      makeNorm: (name, size) => layerNorm(name, size, { bias: false, type }),
      layerNorms: ["input_layernorm"],
      isCountedOnly: true,
    },
    config,
    context,
  );
}

/** One weight per head: (heads, head_dim). */
function headNorms({ heads, keyValueHeads, headDim }: Sizes): readonly ModuleNode[] {
  const make = (name: string, count: number): ModuleNode =>
    container(name, "CohereLayerNorm", {
      parameters: [{ name: "weight", shape: [count, headDim] }],
    });
  return [make("q_norm", heads), make("k_norm", keyValueHeads)];
}
