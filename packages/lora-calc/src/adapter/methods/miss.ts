/** MiSS, the successor of Bone: one small block per layer, repeated over the weight. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, requireDivisor, requirePositive, trained } from "./tensors.js";

/**
 *     r · out; with `mini`: r · mini_r; with `bat`: r · out as out / r blocks of (r, r)
 *
 * Source: Kang and Yin 2024, arXiv:2409.15371; peft tuners/miss/layer.py `update_layer`.
 */
export const miss: LayerMethod = {
  peftType: "MISS",
  dropout: "miss_dropout",
  configClass: "MissConfig",
  formula: "r · out per layer",
  fields: adapterFields(
    ["r", "miss_dropout", "mini_r", "target_modules", "exclude_modules", "init_weights"],
    ["layers_to_transform", "layers_pattern", "bias", "modules_to_save"],
  ),
  layerRules: {
    againstText: ["layers_to_transform", "layers_pattern"],
    patternNeedsLayers: false,
  },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 64;
    const miniRank = adapter.integer("mini_r") ?? 1;
    const init = adapter.get("init_weights");
    return {
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        if (rank > inFeatures) misfit(site, "r", rank, `at most ${inFeatures}`);
        if (init === "bat") {
          requireDivisor(site, "r", rank, inFeatures);
          requireDivisor(site, "r", rank, outFeatures);
          return [trained("miss_block.default", outFeatures / rank, rank, rank)];
        }
        if (init !== "mini") return [trained("miss_block.default", rank, outFeatures)];
        requireDivisor(site, "mini_r", miniRank, outFeatures);
        return [trained("miss_block.default", rank, miniRank)];
      },
    };
  },
};
