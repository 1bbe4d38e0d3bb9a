/** SHiRA: as many single entries of the weight as LoRA of that rank would have, trained in place. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, requirePositive, trained } from "./tensors.js";

/**
 *     r · (in + out), at most in · out
 *
 * Source: peft tuners/shira/layer.py `update_layer`.
 */
export const shira: LayerMethod = {
  peftType: "SHIRA",
  configClass: "ShiraConfig",
  formula: "r · (in + out) per layer",
  fields: adapterFields(
    ["r", "mask_type", "random_seed", "target_modules", "fan_in_fan_out", "init_weights"],
    ["modules_to_save"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 32;
    return {
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        const count = rank * (inFeatures + outFeatures);
        const most = inFeatures * outFeatures;
        if (count > most)
          misfit(site, "r", rank, `at most ${Math.floor(most / (inFeatures + outFeatures))}`);
        return [trained("shira_weight.default", count)];
      },
    };
  },
};
