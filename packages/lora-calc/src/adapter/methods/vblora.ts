/** VB-LoRA: A and B are mixed from one bank of vectors that the whole model shares. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { requireDivisor, requirePositive, trained } from "./tensors.js";

/**
 *     r · (in + out) / vector_length · num_vectors, and once num_vectors · vector_length
 *
 * Source: Li et al. 2024, arXiv:2405.15179; peft tuners/vblora/layer.py `update_layer`.
 */
export const vblora: LayerMethod = {
  peftType: "VBLORA",
  dropout: "vblora_dropout",
  configClass: "VBLoRAConfig",
  formula: "r · (in + out) / length · vectors per layer, and one bank",
  fields: adapterFields(
    ["r", "num_vectors", "vector_length", "topk", "target_modules", "exclude_modules"],
    ["save_only_topk_weights", "vblora_dropout", "fan_in_fan_out", "bias", "modules_to_save"],
    ["init_vector_bank_bound", "init_logits_std", "layers_to_transform", "layers_pattern"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 4;
    const vectors = adapter.integer("num_vectors", { min: 1 }) ?? 256;
    const length = adapter.integer("vector_length", { min: 1 }) ?? 256;
    const chosen = adapter.integer("topk") ?? 2;
    return {
      ofModel: () => [trained("vblora_vector_bank.default", vectors, length)],
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        requirePositive(site, "topk", chosen);
        requireDivisor(site, "vector_length", length, inFeatures);
        requireDivisor(site, "vector_length", length, outFeatures);
        return [
          trained("vblora_logits_A.default", rank, inFeatures / length, vectors),
          trained("vblora_logits_B.default", outFeatures / length, rank, vectors),
        ];
      },
    };
  },
};
