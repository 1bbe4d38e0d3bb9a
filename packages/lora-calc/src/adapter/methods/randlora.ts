/** RandLoRA: scaled sums of random bases that all layers share. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { requirePositive, trained } from "./tensors.js";

/**
 *     n · (r + min(in, out)),  n = ceil(min(in, out) / r) bases
 *
 * Source: Albert et al. 2025, arXiv:2502.00987; peft tuners/randlora/layer.py `update_layer`.
 */
export const randlora: LayerMethod = {
  peftType: "RANDLORA",
  dropout: "randlora_dropout",
  configClass: "RandLoraConfig",
  formula: "n · (r + m) per layer, m = min(in, out), n = ⌈m / r⌉",
  fields: adapterFields(
    ["r", "target_modules", "projection_prng_key", "save_projection", "sparse", "very_sparse"],
    ["randlora_dropout", "fan_in_fan_out", "randlora_alpha", "bias", "modules_to_save"],
    ["init_weights", "layers_to_transform", "layers_pattern"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: true,
  others: "unsupported_target_module",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 32;
    return {
      looksFirst: "before_matching",
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        const smaller = Math.min(inFeatures, outFeatures);
        const bases = Math.ceil(smaller / rank);
        return [
          trained("randlora_lambda.default", rank, bases),
          trained("randlora_gamma.default", bases, smaller),
        ];
      },
    };
  },
};
