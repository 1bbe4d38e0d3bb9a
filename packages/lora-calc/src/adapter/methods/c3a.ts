/** C3A: the update is made of circulant blocks, each given by one of its rows. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { rejectOption } from "../plan/reject-option.js";
import { requireDivisor, requirePositive, suffixTable, trained } from "./tensors.js";

const INITIALISATIONS: readonly unknown[] = [
  ...["gaussian", "kaiming_uniform", "xavier_uniform"],
  ...[true, false],
];

/**
 *     in · out / block_size
 *
 * Source: Chen et al. 2024, arXiv:2407.19342; peft tuners/c3a/layer.py `update_layer`.
 */
export const c3a: LayerMethod = {
  peftType: "C3A",
  configClass: "C3AConfig",
  formula: "in · out / block_size per layer",
  fields: adapterFields(
    ["block_size", "target_modules", "bias", "modules_to_save", "layers_to_transform"],
    ["layers_pattern", "block_size_pattern", "init_weights"],
  ),
  layerRules: {
    againstText: ["layers_to_transform", "layers_pattern"],
    patternNeedsLayers: false,
  },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const sizes = suffixTable(adapter, "block_size_pattern");
    const usual = adapter.integer("block_size") ?? 256;
    const init = adapter.get("init_weights") ?? "xavier_uniform";
    return {
      tables: [sizes],
      linear: (inFeatures, outFeatures, site) => {
        const size = sizes.valueFor(site.path) ?? usual;
        requirePositive(site, "block_size", size);
        requireDivisor(site, "block_size", size, inFeatures);
        requireDivisor(site, "block_size", size, outFeatures);
        if (!INITIALISATIONS.includes(init)) rejectOption(adapter, "init_weights", "is not known");
        return [trained("c3a_kernel.default", outFeatures / size, inFeatures / size, size)];
      },
    };
  },
};
