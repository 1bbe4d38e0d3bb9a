/** DEFT: removes a subspace of the weight and puts a trained one in its place. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectOption } from "../plan/reject-option.js";
import { ALL_LAYER_RULES } from "../targets/targeting.js";
import type { LayerMethod } from "./layer-method.js";
import { requirePositive, trained } from "./tensors.js";

/**
 *     r · (in + out), with `para` r · out     (r at most out)
 *
 * Source: peft tuners/deft/layer.py `update_layer`.
 */
export const deft: LayerMethod = {
  peftType: "DEFT",
  dropout: "deft_dropout",
  configClass: "DeftConfig",
  formula: "r · (in + out) per layer; r · out with para",
  fields: adapterFields(
    ["r", "target_modules", "exclude_modules", "decomposition_method", "init_scale", "alpha"],
    ["para", "fan_in_fan_out", "deft_dropout", "init_weights", "layers_to_transform"],
    ["layers_pattern", "bias", "modules_to_save"],
  ),
  layerRules: ALL_LAYER_RULES,
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const decomposition = adapter.string("decomposition_method") ?? "relu";
    if (decomposition !== "qr" && decomposition !== "relu") {
      rejectOption(adapter, "decomposition_method", "must be qr or relu");
    }
    const given = adapter.integer("r") ?? 8;
    const removesOnly = adapter.boolean("para") ?? false;
    return {
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", given);
        const rank = Math.min(given, outFeatures);
        return [
          trained("deft_P.default", outFeatures, rank),
          ...(removesOnly ? [] : [trained("deft_R.default", rank, inFeatures)]),
        ];
      },
    };
  },
};
