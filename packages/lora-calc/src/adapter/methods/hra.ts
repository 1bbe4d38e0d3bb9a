/** HRA: a chain of r trained reflections of the inputs. */

import { adapterFields } from "../../fields/scenario.js";
import { ALL_LAYER_RULES } from "../targets/targeting.js";
import type { LayerMethod } from "./layer-method.js";
import { requireOneGroup, requirePositive, trained } from "./tensors.js";

/**
 *     r · in
 *
 * Source: Yuan et al. 2024, arXiv:2405.17484; peft tuners/hra/layer.py `update_layer`.
 */
export const hra: LayerMethod = {
  peftType: "HRA",
  configClass: "HRAConfig",
  formula: "r · in per layer",
  fields: adapterFields(
    ["r", "apply_GS", "target_modules", "exclude_modules", "init_weights"],
    ["layers_to_transform", "layers_pattern", "bias", "modules_to_save"],
  ),
  layerRules: ALL_LAYER_RULES,
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 8;
    return {
      conv: {
        kinds: ["conv2d"],
        tensors: ({ inChannels, kernel: [side = 1], groups }, site) => {
          requirePositive(site, "r", rank);
          requireOneGroup(site, groups);
          return [trained("hra_u.default", inChannels * side * side, rank)];
        },
      },
      linear: (inFeatures, _, site) => {
        requirePositive(site, "r", rank);
        return [trained("hra_u.default", inFeatures, rank)];
      },
    };
  },
};
