/** SmolLM3: every fourth layer has no rotary embedding. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";

export const smollm3: Blueprint = {
  modelType: "smollm3",
  build: (config, context) => {
    const layers = config.layerCount("num_hidden_layers", 36);
    const interval = config.size("no_rope_layer_interval", 4);
    const given = config.integerList("no_rope_layers");
    // The list is named after the layers without rotation but holds 1 where the layer rotates.
    const rotates = (index: number): boolean =>
      given === undefined ? (index + 1) % interval !== 0 : given[index] !== 0;
    const slides = config.boolean("use_sliding_window", false) && config.has("sliding_window");
    const types = layerTypes(config, layers, (index) =>
      slides && !rotates(index) ? "sliding_attention" : "full_attention",
    );
    return llamaLike(
      {
        modelType: "smollm3",
        prefix: "SmolLM3",
        defaults: {
          vocabSize: 128256,
          hiddenSize: 2048,
          intermediateSize: 11008,
          layers: 36,
          heads: 16,
          keyValueHeads: 4,
        },
        attentionBias: config.boolean("attention_bias", false),
        mlpBias: config.boolean("mlp_bias", false),
        tied: config.boolean("tie_word_embeddings", true),
        rotates,
        layerTypes: types,
        slidingWindow: windowOf(config, types, 4096),
      },
      config,
      context,
    );
  },
};
