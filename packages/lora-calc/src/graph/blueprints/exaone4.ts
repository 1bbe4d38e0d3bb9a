/** EXAONE 4: norms after the sublayers and on every query and key head; three of four layers slide, and only they rotate. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";
import type { LayerType } from "../blocks/sliding-window.js";

export const exaone4: Blueprint = {
  modelType: "exaone4",
  build: (config, context) => {
    const layers = config.layerCount("num_hidden_layers", 32);
    const isWindowed = !config.isNull("sliding_window");
    const types = layerTypes(config, layers, slidingRule(config));
    return llamaLike(
      {
        modelType: "exaone4",
        prefix: "Exaone4",
        defaults: {
          vocabSize: 102400,
          hiddenSize: 4096,
          intermediateSize: 16384,
          layers: 32,
          heads: 32,
        },
        tied: config.boolean("tie_word_embeddings", false),
        normPosition: "after",
        queryKeyNorm: "head_transposed",
        layerTypes: types,
        ...(isWindowed
          ? {
              slidingWindow: windowOf(config, types, 4096),
              rotates: (index: number) => types[index] === "sliding_attention",
            }
          : {}),
      },
      config,
      context,
    );
  },
};

/** Every layer but each `sliding_window_pattern`th slides. Without a window the class divides by zero: it needs a list. */
function slidingRule(config: Config): (index: number) => LayerType {
  if (config.has("layer_types")) return () => "full_attention";
  if (config.isNull("sliding_window")) {
    reject({
      code: "missing_field",
      path: config.fields.at("layer_types"),
      message: "sliding_window null needs layer_types (transformers raises ZeroDivisionError)",
      expected: "full_attention for every layer",
    });
  }
  const pattern = config.size("sliding_window_pattern", 4);
  return (index) => ((index + 1) % pattern === 0 ? "full_attention" : "sliding_attention");
}
