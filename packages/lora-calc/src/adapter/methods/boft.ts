/** BOFT: the weight is turned by a product of sparse orthogonal matrices (butterflies), and scaled. */

import { adapterFields } from "../../fields/scenario.js";
import type { Site } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, requireDivisor, requireOneGroup, trained } from "./tensors.js";

/**
 *     blocks · size² + out,  blocks · size = in
 *
 * Several butterfly factors need PEFT's CUDA extension, which is compiled when it is first used: without it PEFT takes one.
 *
 * Source: Liu et al. 2024, arXiv:2311.06243; peft tuners/boft/layer.py `update_layer`.
 */
export const boft: LayerMethod = {
  peftType: "BOFT",
  dropout: "boft_dropout",
  configClass: "BOFTConfig",
  formula: "in · block size + out per layer",
  fields: adapterFields(
    ["boft_block_size", "boft_block_num", "boft_n_butterfly_factor", "target_modules"],
    ["exclude_modules", "boft_dropout", "fan_in_fan_out", "bias", "modules_to_save"],
    ["init_weights", "layers_to_transform", "layers_pattern"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    rejectButterflies(adapter);
    const size = adapter.integer("boft_block_size") ?? 4;
    const count = adapter.integer("boft_block_num") ?? 0;
    if ((count !== 0) === (size !== 0)) {
      rejectOption(
        adapter,
        "boft_block_size",
        "or boft_block_num must be 0, and the other one not",
      );
    }
    const [field, given] = size === 0 ? ["boft_block_num", count] : ["boft_block_size", size];
    const rotation = (width: number, site: Site) => {
      if (given < 0) misfit(site, field, given, "at least 1");
      requireDivisor(site, field, given, width);
      const blockSize = size === 0 ? width / count : size;
      return trained("boft_R.default", 1, width / blockSize, blockSize, blockSize);
    };
    return {
      linear: (inFeatures, outFeatures, site) => [
        rotation(inFeatures, site),
        trained("boft_s.default", outFeatures, 1),
      ],
      conv: {
        kinds: ["conv2d"],
        tensors: ({ inChannels, outChannels, kernel: [side = 1], groups }, site) => {
          requireOneGroup(site, groups);
          return [
            rotation(inChannels * side * side, site),
            trained("boft_s.default", 1, outChannels),
          ];
        },
      },
    };
  },
};

function rejectButterflies(adapter: Fields): void {
  const factors = adapter.integer("boft_n_butterfly_factor") ?? 1;
  if (factors === 1) return;
  reject({
    code: "unsupported",
    path: adapter.at("boft_n_butterfly_factor"),
    message: `${adapter.at("boft_n_butterfly_factor")} other than 1 counts differently with and without PEFT's CUDA extension, so it is not computed`,
    received: factors,
    expected: 1,
  });
}
