/** OLMo 3: OLMo 2's layer, three of four layers slide, and each kind of layer has its own rotary table. */

import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";

export const olmo3: Blueprint = {
  modelType: "olmo3",
  build: (config, context) => {
    const layers = config.layerCount("num_hidden_layers", 32);
    const types = layerTypes(config, layers, (index) =>
      (index + 1) % 4 === 0 ? "full_attention" : "sliding_attention",
    );
    return llamaLike(
      {
        modelType: "olmo3",
        prefix: "Olmo3",
        taskHeads: ["ForSequenceClassification"],
        defaults: {
          vocabSize: 50304,
          hiddenSize: 4096,
          intermediateSize: 11008,
          layers: 32,
          heads: 32,
        },
        attentionBias: config.boolean("attention_bias", false),
        tied: config.boolean("tie_word_embeddings", false),
        norm: "scale_before_cast",
        normPosition: "after",
        queryKeyNorm: "projection",
        rotary: "full_fp32",
        rotaryPerLayerType: true,
        layerTypes: types,
        slidingWindow: windowOf(config, types, 4096),
      },
      config,
      context,
    );
  },
};
