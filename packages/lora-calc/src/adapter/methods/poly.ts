/** Poly: a stock of skills, each a LoRA cut in splits, that a router mixes per task. */

import { adapterFields } from "../../fields/scenario.js";
import type { LayerMethod } from "./layer-method.js";
import { requirePositive, trained } from "./tensors.js";

/**
 *     splits · skills · r · (⌊in / splits⌋ + ⌊out / splits⌋) + tasks · splits · skills
 *
 * Source: arXiv:2202.13914; peft tuners/poly/layer.py `update_layer`, router.py.
 */
export const poly: LayerMethod = {
  peftType: "POLY",
  configClass: "PolyConfig",
  formula: "skills · r · (in + out) per layer, and its routers",
  fields: adapterFields(
    ["r", "target_modules", "exclude_modules", "modules_to_save", "init_weights"],
    ["poly_type", "n_tasks", "n_skills", "n_splits"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 8;
    const tasks = adapter.integer("n_tasks", { min: 1 }) ?? 1;
    const skills = adapter.integer("n_skills", { min: 1 }) ?? 4;
    const splits = adapter.integer("n_splits", { min: 1 }) ?? 1;
    adapter.oneOf("poly_type", ["poly"]);
    return {
      linear: (inFeatures, outFeatures, site) => {
        requirePositive(site, "r", rank);
        return [
          trained("poly_router.default.module_logits", tasks, splits * skills),
          trained("poly_lora_A.default", splits, skills, Math.floor(inFeatures / splits), rank),
          trained("poly_lora_B.default", splits, skills, rank, Math.floor(outFeatures / splits)),
        ];
      },
    };
  },
};
