/** HiRA: a low-rank product that multiplies the weight element by element. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { patternTable, requireOneGroup, requirePositive, trained } from "./tensors.js";

/**
 *     r · (in + out)     (PEFT reads `rank_pattern` but makes every layer with r)
 *
 * Source: peft tuners/hira/layer.py `update_layer`.
 */
export const hira: LayerMethod = {
  peftType: "HIRA",
  dropout: "hira_dropout",
  configClass: "HiraConfig",
  formula: "r · (in + out) per layer",
  fields: adapterFields(
    ["r", "target_modules", "exclude_modules", "hira_dropout", "fan_in_fan_out"],
    ["modules_to_save", "init_weights", "layers_to_transform", "layers_pattern"],
    ["rank_pattern"],
  ),
  layerRules: {
    againstText: ["layers_to_transform", "layers_pattern"],
    patternNeedsLayers: false,
  },
  adaptsConv1d: true,
  others: "unsupported_target_module",
  read: (adapter) => {
    patternTable(adapter, "rank_pattern");
    const rank = adapter.integer("r") ?? 32;
    return {
      conv: {
        kinds: ["conv1d", "conv2d", "conv3d"],
        tensors: ({ inChannels, outChannels, kernel, groups }, site) => {
          requirePositive(site, "r", rank);
          requireOneGroup(site, groups);
          return [
            trained("hira_A.default", rank, inChannels, ...kernel),
            trained("hira_B.default", outChannels, rank, ...kernel.map(() => 1)),
          ];
        },
      },
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        return [
          trained("hira_A.default", rank, inFeatures),
          trained("hira_B.default", outFeatures, rank),
        ];
      },
      embedding: (rows, dim, site) => {
        requirePositive(site, "r", rank);
        return [
          trained("hira_embedding_A.default", rank, rows),
          trained("hira_embedding_B.default", dim, rank),
        ];
      },
    };
  },
};
