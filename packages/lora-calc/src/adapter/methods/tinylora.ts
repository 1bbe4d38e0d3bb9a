/** TinyLoRA: a few numbers for all layers of a group, spread over frozen projections. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow, rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { roundHalfEven, trained } from "./tensors.js";

/**
 *     u per group; as many groups as layers, fewer with weight_tying, one when it is 1
 *
 * Source: arXiv:2602.04118; peft tuners/tinylora/model.py `_create_and_replace`.
 */
export const tinylora: LayerMethod = {
  peftType: "TINYLORA",
  dropout: "tinylora_dropout",
  configClass: "TinyLoraConfig",
  formula: "u per group of layers",
  fields: adapterFields(
    ["r", "u", "weight_tying", "projection_seed", "save_projection", "init_v_bound"],
    ["target_modules", "tinylora_dropout", "fan_in_fan_out", "bias", "modules_to_save"],
    ["init_weights", "layers_to_transform", "layers_pattern"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const numbers = adapter.integer("u") ?? 64;
    const tying = adapter.number("weight_tying") ?? 0;
    if ((adapter.integer("r") ?? 2) <= 0) rejectBelow(adapter, "r", 1);
    if (numbers <= 0) rejectBelow(adapter, "u", 1);
    if (tying < 0 || tying > 1) rejectOption(adapter, "weight_tying", "must be between 0 and 1");
    return {
      linear: () => [],
      embedding: () => [],
      ofModel: (modules) => {
        const layers = modules.reduce((sum, { site }) => sum + site.count, 0);
        return [trained("tinylora_v.default", groupsOf(layers, tying), numbers)];
      },
    };
  },
};

/** Groups that have a layer: they are of equal size, so the last ones can be left without. */
function groupsOf(layers: number, tying: number): number {
  const groups = Math.max(1, roundHalfEven(layers * (1 - tying)));
  const size = Math.max(1, Math.floor(layers / groups));
  return Math.min(groups, Math.ceil(layers / size));
}
