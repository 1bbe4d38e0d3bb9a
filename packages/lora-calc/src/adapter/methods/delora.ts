/** DeLoRA: a normalised low-rank update and its strength. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { rejectBelow } from "../plan/reject-option.js";
import { patternTable, requirePositive, trained } from "./tensors.js";

/**
 *     r · (in + out) + 1
 *
 * Source: Bini et al. 2025, arXiv:2503.18225; peft tuners/delora/layer.py `update_layer`.
 */
export const delora: LayerMethod = {
  peftType: "DELORA",
  dropout: "delora_dropout",
  configClass: "DeloraConfig",
  formula: "r · (in + out) + 1 per layer",
  fields: adapterFields(
    ["r", "delora_lambda", "module_dropout", "target_modules", "exclude_modules", "bias"],
    ["init_weights", "layers_to_transform", "layers_pattern", "rank_pattern"],
    ["lambda_pattern", "modules_to_save"],
  ),
  layerRules: { againstText: ["layers_to_transform"], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const ranks = patternTable(adapter, "rank_pattern");
    const usual = adapter.integer("r") ?? 8;
    if (usual <= 0) rejectBelow(adapter, "r", 1);
    // A dropout of PyTorch here, which other methods only compare with.
    adapter.number("module_dropout", { max: 1 });
    return {
      tables: [ranks],
      linear: (inFeatures, outFeatures, site) => {
        const rank = ranks.valueFor(site.path) ?? usual;
        requirePositive(site, "r", rank);
        return [
          trained("delora_A.default", rank, inFeatures),
          trained("delora_B.default", outFeatures, rank),
          trained("delora_lambda.default", 1),
          // Norm of every input of the frozen weight.
          { name: "delora_w_norm.default", shape: [inFeatures], trainable: false, isBuffer: true },
        ];
      },
    };
  },
};
