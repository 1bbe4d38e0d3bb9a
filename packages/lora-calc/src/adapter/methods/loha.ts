/** LoHa: the Hadamard product of two low-rank products. */

import { adapterFields } from "../../fields/scenario.js";
import type { AdapterTensor } from "../plan/plan.js";
import type { LayerMethod } from "./layer-method.js";
import { kernelSize, patternTable, requirePositive, trained } from "./tensors.js";

/**
 *     2 · r · (in + out); a convolution has in · kernel inputs, or with use_effective_conv2d 2 · r² · kernel more
 *
 * Source: Hyeon-Woo et al. 2022, arXiv:2108.06098; peft tuners/loha/layer.py `create_adapter_parameters`.
 */
export const loha: LayerMethod = {
  peftType: "LOHA",
  configClass: "LoHaConfig",
  formula: "2r · (in + out) per layer",
  fields: adapterFields(
    ["rank_pattern", "alpha_pattern", "r", "alpha", "rank_dropout", "module_dropout"],
    ["use_effective_conv2d", "target_modules", "exclude_modules", "init_weights"],
    ["layers_to_transform", "layers_pattern", "modules_to_save"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const ranks = patternTable(adapter, "rank_pattern");
    const usual = adapter.integer("r") ?? 8;
    const isEffective = adapter.boolean("use_effective_conv2d") ?? false;
    return {
      tables: [ranks],
      conv: {
        kinds: ["conv1d", "conv2d"],
        tensors: ({ inChannels, outChannels, kernel, groups }, site) => {
          const rank = ranks.valueFor(site.path) ?? usual;
          requirePositive(site, "r", rank);
          const inner = inChannels / groups;
          const size = kernelSize(kernel);
          if (!isEffective || size === 1) return products(rank, outChannels, inner * size);
          return ["1", "2"].flatMap((half) => [
            trained(`hada_t${half}.default`, rank, rank, ...kernel),
            trained(`hada_w${half}_a.default`, rank, outChannels),
            trained(`hada_w${half}_b.default`, rank, inner),
          ]);
        },
      },
      linear: (inFeatures, outFeatures, site) => {
        const rank = ranks.valueFor(site.path) ?? usual;
        requirePositive(site, "r", rank);
        return products(rank, outFeatures, inFeatures);
      },
    };
  },
};

function products(rank: number, outer: number, inner: number): readonly AdapterTensor[] {
  return ["1", "2"].flatMap((half) => [
    trained(`hada_w${half}_a.default`, outer, rank),
    trained(`hada_w${half}_b.default`, rank, inner),
  ]);
}
