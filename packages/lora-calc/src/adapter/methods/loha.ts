/** LoHa: the Hadamard product of two low-rank products. */

import type { LayerMethod } from "./layer-method.js";
import { patternTable, requirePositive, trained } from "./tensors.js";

/**
 *     2 · r · (in + out)
 *
 * Source: Hyeon-Woo et al. 2022, arXiv:2108.06098; peft@0.21.0 tuners/loha/layer.py `create_adapter_parameters`.
 */
export const loha: LayerMethod = {
  peftType: "LOHA",
  configClass: "LoHaConfig",
  formula: "2r · (in + out) per layer",
  fields: [
    ...["rank_pattern", "alpha_pattern", "r", "alpha", "rank_dropout", "module_dropout"],
    ...["use_effective_conv2d", "target_modules", "exclude_modules", "init_weights"],
    ...["layers_to_transform", "layers_pattern", "modules_to_save"],
  ],
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const ranks = patternTable(adapter, "rank_pattern");
    const usual = adapter.integer("r") ?? 8;
    return {
      tables: [ranks],
      linear: (inFeatures, outFeatures, site) => {
        const rank = ranks.valueFor(site.path) ?? usual;
        requirePositive(site, "r", rank);
        return [
          trained("hada_w1_a.default", outFeatures, rank),
          trained("hada_w1_b.default", rank, inFeatures),
          trained("hada_w2_a.default", outFeatures, rank),
          trained("hada_w2_b.default", rank, inFeatures),
        ];
      },
    };
  },
};
