/** BEFT: a trained bias per layer, where the layer has one or not. */

import type { LayerMethod } from "./layer-method.js";
import { trained } from "./tensors.js";

/**
 *     out
 *
 * Source: arXiv:2509.15974; peft tuners/beft/layer.py `update_layer`.
 */
export const beft: LayerMethod = {
  peftType: "BEFT",
  configClass: "BeftConfig",
  formula: "out per layer",
  fields: ["target_modules", "modules_to_save", "init_weights"],
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: () => ({ linear: (_, outFeatures) => [trained("beft_bias.default", 1, outFeatures)] }),
};
