/** OFT: the weight is turned by a block-diagonal orthogonal matrix. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { rejectOption } from "../plan/reject-option.js";
import type { AdapterTensor } from "../plan/plan.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

const DEFAULT_BLOCK_SIZE = 32;

/**
 *     blocks · size · (size − 1) / 2,  blocks · size = in     (one block with `block_share`)
 *
 * Source: Qiu et al. 2023, arXiv:2306.07280; peft tuners/oft/layer.py `update_layer`.
 */
export const oft: LayerMethod = {
  peftType: "OFT",
  dropout: "oft_dropout",
  configClass: "OFTConfig",
  formula: "in · (block size − 1) / 2 per layer",
  fields: adapterFields(
    ["r", "oft_block_size", "module_dropout", "target_modules", "fan_in_fan_out", "bias"],
    ["exclude_modules", "init_weights", "layers_to_transform", "layers_pattern"],
    ["modules_to_save", "coft", "eps", "block_share", "use_cayley_neumann"],
    ["num_cayley_neumann_terms"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const given = readBlocks(adapter);
    const isShared = adapter.boolean("block_share") ?? false;
    const blocksOf = (name: string, inFeatures: number): readonly AdapterTensor[] => {
      const divisor = nearestDivisor(inFeatures, given.value);
      const other = inFeatures / divisor;
      const [count, size] = given.isSize ? [other, divisor] : [divisor, other];
      return [trained(name, isShared ? 1 : count, (size * (size - 1)) / 2)];
    };
    return {
      linear: (inFeatures) => blocksOf("oft_R.default.weight", inFeatures),
      conv: {
        kinds: ["conv2d"],
        tensors: ({ inChannels, kernel: [side = 1], dilation = 1 }, site) => {
          if (dilation > 1) misfit(site, "target_modules", dilation, "without dilation");
          return blocksOf("oft_R.default.weight", inChannels * side * side);
        },
      },
      embedding: (_, dim) => blocksOf("oft_embedding_R.default.weight", dim),
    };
  },
};

/** Number of blocks (`r`) or their size, of which exactly one is not 0. */
function readBlocks(adapter: Fields): { readonly value: number; readonly isSize: boolean } {
  const count = adapter.integer("r") ?? 0;
  const size = adapter.integer("oft_block_size") ?? DEFAULT_BLOCK_SIZE;
  if ((count !== 0) === (size !== 0)) {
    rejectOption(adapter, "oft_block_size", "or r must be 0, and the other one not");
  }
  const value = size === 0 ? count : size;
  if (value < 0) {
    rejectOption(adapter, size === 0 ? "r" : "oft_block_size", "must not be negative");
  }
  return { value, isSize: size !== 0 };
}

/** The divisor of a size that is nearest to a number, the smaller one of two. Source: `adjust_oft_parameters`. */
function nearestDivisor(size: number, wanted: number): number {
  if (wanted >= size) return size;
  let above = wanted;
  while (size % above !== 0) above += 1;
  let below = wanted;
  while (size % below !== 0) below -= 1;
  return wanted - below <= above - wanted ? below : above;
}
