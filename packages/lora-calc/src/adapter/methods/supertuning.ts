/** Super-Tuning: the largest (or smallest) entries of the weight are trained in place, with a LoRA beside them if wanted. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow, rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

/**
 *     ⌊in · out · (1 − sparsity)⌋, and r · (in + out) when r is given
 *
 * Source: arXiv:2607.09287; peft tuners/supertuning/layer.py `update_layer`.
 */
export const supertuning: LayerMethod = {
  peftType: "SUPERTUNING",
  dropout: "supertuning_lora_dropout",
  configClass: "SupertuningConfig",
  formula: "in · out · (1 − sparsity) per layer",
  fields: adapterFields(
    ["target_modules", "modules_to_save", "sparsity", "select_top", "r", "lora_alpha"],
    ["lora_dropout", "init_weights", "save_precomputed_indices"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const sparsity = adapter.number("sparsity") ?? 0.99;
    if (sparsity < 0 || sparsity >= 1) rejectOption(adapter, "sparsity", "must be in [0, 1)");
    const dropout = adapter.number("lora_dropout") ?? 0;
    if (dropout < 0 || dropout >= 1) rejectOption(adapter, "lora_dropout", "must be in [0, 1)");
    const rank = adapter.integer("r");
    if (rank !== undefined && rank <= 0) rejectBelow(adapter, "r", 1);
    if (rank === undefined && adapter.has("lora_alpha")) {
      rejectOption(adapter, "lora_alpha", "needs r");
    }
    return {
      linear: (inFeatures, outFeatures, site) => {
        const entries = Math.floor(inFeatures * outFeatures * (1 - sparsity));
        if (entries < 1) misfit(site, "sparsity", sparsity, "low enough to leave one entry");
        return [
          trained("supertuning_values.default", entries),
          ...(rank === undefined
            ? []
            : [
                trained("supertuning_lora_A.default.weight", rank, inFeatures),
                trained("supertuning_lora_B.default.weight", outFeatures, rank),
              ]),
        ];
      },
    };
  },
};
