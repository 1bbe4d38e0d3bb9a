/** Uni-LoRA: one vector for the whole model, from which every entry of every A and B is taken. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { trained } from "./tensors.js";

/**
 *     theta_d_length, once
 *
 * Source: arXiv:2506.00799; peft tuners/unilora/model.py.
 */
export const unilora: LayerMethod = {
  peftType: "UNILORA",
  dropout: "unilora_dropout",
  configClass: "UniLoraConfig",
  formula: "theta_d_length, once",
  fields: adapterFields(
    ["r", "proj_seed", "theta_d_length", "target_modules", "unilora_dropout"],
    ["fan_in_fan_out", "bias", "modules_to_save", "init_theta_d_bound", "init_weights"],
    ["save_indices", "layers_to_transform", "layers_pattern"],
  ),
  layerRules: {
    againstText: ["layers_to_transform", "layers_pattern"],
    patternNeedsLayers: false,
  },
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const length = adapter.integer("theta_d_length") ?? 256;
    if ((adapter.integer("r") ?? 4) <= 0) rejectBelow(adapter, "r", 1);
    if (length <= 0) rejectBelow(adapter, "theta_d_length", 1);
    adapter.oneOf("bias", ["none", "all", "unilora_only"]);
    return {
      linear: () => [],
      ofModel: () => [trained("unilora_theta_d.default", length)],
    };
  },
};
