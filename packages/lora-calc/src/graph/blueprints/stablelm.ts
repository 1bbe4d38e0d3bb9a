/** StableLM 2 and 3: LayerNorms, a quarter of every head rotates; with `use_parallel_residual` a layer has one norm. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Sizes } from "../blocks/llama/sizes.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, leaf, repeated } from "../tree/vocabulary.js";

export const stablelm: Blueprint = {
  modelType: "stablelm",
  build: (config, context) => {
    const isParallel = config.boolean("use_parallel_residual", false);
    return llamaLike(
      {
        modelType: "stablelm",
        prefix: "StableLm",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        defaults: {
          vocabSize: 50304,
          hiddenSize: 2560,
          intermediateSize: 6912,
          layers: 32,
          heads: 32,
        },
        hiddenDropout: 0,
        attentionBias: config.boolean("use_qkv_bias", false) ? "query_key_value" : false,
        tied: config.boolean("tie_word_embeddings", false),
        makeNorm: (name, size) => layerNorm(name, size),
        layerNorms: isParallel
          ? ["input_layernorm"]
          : ["input_layernorm", "post_attention_layernorm"],
        normPosition: isParallel
          ? { preAttentionNorm: "input_layernorm" }
          : { preAttentionNorm: "input_layernorm", preMlpNorm: "post_attention_layernorm" },
        ...(isParallel ? { isParallel } : { keepsNormed: true }),
        cuts: "after_all",
        sublayerDropout: 0,
        rotary: "partial_kept",
        layerTail: () => [leaf("dropout", "Dropout")],
        // A norm per head runs one by one, which has no program.
        ...(config.boolean("qk_layernorm", false)
          ? { attentionTail: headNorms, isCountedOnly: true }
          : {}),
        rotaryShare: config.number("partial_rotary_factor", 0.25),
      },
      config,
      context,
    );
  },
};

/** A norm of its own, without bias, for every head. */
function headNorms({ heads, keyValueHeads, headDim }: Sizes): readonly ModuleNode[] {
  const make = (name: string, count: number): ModuleNode =>
    container(name, "StableLmLayerNormPerHead", {
      children: [repeated("norms", count, layerNorm("0", headDim, { bias: false }))],
    });
  return [make("q_layernorm", heads), make("k_layernorm", keyValueHeads)];
}
