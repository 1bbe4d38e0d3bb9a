/** GraLoRA: the weight is cut into k · k blocks with a low-rank update each, and one over all of it if wanted. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow, rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, requireDivisor, requirePositive, trained } from "./tensors.js";

/**
 *     (r + hybrid_r) · (in + out)
 *
 * Source: peft tuners/gralora/layer.py `update_layer`.
 */
export const gralora: LayerMethod = {
  peftType: "GRALORA",
  dropout: "gralora_dropout",
  configClass: "GraloraConfig",
  formula: "(r + hybrid_r) · (in + out) per layer",
  fields: adapterFields(
    ["r", "hybrid_r", "target_modules", "alpha", "gralora_dropout", "gralora_k"],
    ["fan_in_fan_out", "bias", "modules_to_save", "init_weights", "layers_to_transform"],
    ["layers_pattern"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 32;
    const hybridRank = adapter.integer("hybrid_r") ?? 0;
    const blocks = adapter.integer("gralora_k") ?? 2;
    if (blocks <= 0) rejectBelow(adapter, "gralora_k", 1);
    if (rank % blocks !== 0)
      rejectOption(adapter, "r", `must be a multiple of gralora_k, ${blocks}`);
    return {
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        if (hybridRank < 0) misfit(site, "hybrid_r", hybridRank, "at least 0");
        requireDivisor(site, "gralora_k", blocks, inFeatures);
        requireDivisor(site, "gralora_k", blocks, outFeatures);
        return [
          trained("gralora_A.default", blocks, inFeatures / blocks, rank),
          trained("gralora_B.default", blocks, rank, outFeatures / blocks),
          ...(hybridRank === 0
            ? []
            : [
                trained("gralora_A_general.default.weight", hybridRank, inFeatures),
                trained("gralora_B_general.default.weight", outFeatures, hybridRank),
              ]),
        ];
      },
    };
  },
};
