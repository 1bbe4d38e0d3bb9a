/** RoAd: outputs are turned in pairs; one, two or four numbers per output. */

import type { LayerMethod } from "./layer-method.js";
import { rejectOption } from "../plan/reject-option.js";
import { requireDivisor, trained } from "./tensors.js";

/** Numbers per output in each of the two vectors. */
const SHARES: ReadonlyMap<string, number> = new Map([
  ["road_1", 1 / 2],
  ["road_2", 1],
  ["road_4", 2],
]);

/**
 *     out · 1, 2 or 4     (angles and lengths)
 *
 * Source: Liao and Monz 2024, arXiv:2409.00119; peft tuners/road/layer.py `update_layer`.
 */
export const road: LayerMethod = {
  peftType: "ROAD",
  configClass: "RoadConfig",
  formula: "out, 2 · out or 4 · out per layer",
  fields: ["variant", "group_size", "init_weights", "target_modules", "modules_to_save"],
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "unsupported_target_module",
  read: (adapter) => {
    const share = SHARES.get(adapter.string("variant") ?? "road_1");
    if (share === undefined) {
      return rejectOption(adapter, "variant", `must be one of ${[...SHARES.keys()].join(", ")}`);
    }
    const groupSize = adapter.integer("group_size") ?? 64;
    if (groupSize <= 0 || groupSize % 2 !== 0) {
      rejectOption(adapter, "group_size", "must be a positive even number");
    }
    return {
      linear: (_, outFeatures, site) => {
        requireDivisor(site, "group_size", groupSize, outFeatures);
        return [
          trained("road_theta.default", outFeatures * share),
          trained("road_alpha.default", outFeatures * share),
        ];
      },
    };
  },
};
