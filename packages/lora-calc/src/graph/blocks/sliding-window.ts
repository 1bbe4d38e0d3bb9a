/** Which layers of a model see a window only; absent keys follow the rule of the configuration class. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";

export type LayerType = "full_attention" | "sliding_attention";

const LAYER_TYPES: readonly string[] = ["full_attention", "sliding_attention"];

/** `layer_types` of the config, or the rule of the class for a layer index. */
export function layerTypes(
  config: Config,
  layers: number,
  rule: (index: number) => LayerType,
): readonly LayerType[] {
  const given = config.stringList("layer_types");
  if (given === undefined) return Array.from({ length: layers }, (_, index) => rule(index));
  const types = given.filter((type): type is LayerType => LAYER_TYPES.includes(type));
  if (types.length !== given.length || types.length < layers) {
    reject({
      code: "invalid_value",
      path: config.fields.at("layer_types"),
      message: `layer_types must name full_attention or sliding_attention for each of ${layers} layers`,
      received: given,
      expected: LAYER_TYPES,
    });
  }
  return types;
}

/** Qwen's rule: the first `max_window_layers` layers are full, later ones slide when the window is switched on. */
export function qwenLayerTypes(config: Config, layers: number): readonly LayerType[] {
  const slides = config.boolean("use_sliding_window", false) && !config.isNull("sliding_window");
  const firstSliding = config.number("max_window_layers", 28);
  return layerTypes(config, layers, (index) =>
    slides && index >= firstSliding ? "sliding_attention" : "full_attention",
  );
}

/** Window of each layer in tokens, undefined where attention is full. */
export function windowOf(
  config: Config,
  types: readonly LayerType[],
  fallback: number,
): (index: number) => number | undefined {
  if (!types.includes("sliding_attention")) return () => undefined;
  const window = config.size("sliding_window", fallback);
  return (index) => (types[index] === "sliding_attention" ? window : undefined);
}
