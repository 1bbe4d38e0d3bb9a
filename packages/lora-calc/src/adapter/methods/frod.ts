/** FRoD: a trained diagonal and a few trained entries beside it, over projections made from the weights. */

import { adapterFields } from "../../fields/scenario.js";
import type { AdaptedModule } from "../plan/plan.js";
import { rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

/**
 *     in + entries,  entries = min(⌊in² · sparse_rate⌋, in² − in), at least 1 unless the rate is 0
 *
 * Source: peft tuners/frod/model.py `_init_frod_projections`, layer.py `update_layer`.
 */
export const frod: LayerMethod = {
  peftType: "FROD",
  dropout: "frod_dropout",
  configClass: "FrodConfig",
  formula: "in + in² · sparse_rate per layer",
  fields: adapterFields(
    ["target_modules", "projection_prng_key", "save_projection", "frod_dropout"],
    ["fan_in_fan_out", "bias", "modules_to_save", "init_weights", "layers_to_transform"],
    ["layers_pattern", "sparse_rate", "regularization_alpha", "progressbar"],
    ["runtime_offload_base_weight"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: true,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const rate = adapter.number("sparse_rate") ?? 0.01;
    if (rate < 0 || rate > 1) rejectOption(adapter, "sparse_rate", "must be between 0 and 1");
    return {
      together: sameWidths,
      looksFirst: "before_matching",
      linear: (inFeatures) => {
        const most = inFeatures * inFeatures - inFeatures;
        const entries = Math.min(Math.floor(inFeatures * inFeatures * rate), most);
        const isEmpty = rate === 0 || most === 0;
        return [
          trained("frod_lambda_l.default", inFeatures),
          trained("frod_lambda_s_values.default", isEmpty ? 0 : Math.max(1, entries)),
        ];
      },
    };
  },
};

/** Layers of the same kind share a projection, so they must have the same width; PEFT fails in a product otherwise. */
function sameWidths(modules: readonly AdaptedModule[]): readonly AdaptedModule[] {
  const widths = new Map<string, number>();
  for (const { site } of modules) {
    const { layer } = site.node;
    if (layer === undefined || !("inFeatures" in layer)) continue;
    const kind = kindOf(site.path);
    const width = widths.get(kind) ?? layer.inFeatures;
    if (width !== layer.inFeatures) {
      misfit(site, "target_modules", layer.inFeatures, `of width ${width}, as its kind elsewhere`);
    }
    widths.set(kind, width);
  }
  return modules;
}

/** Source: peft tuners/frod/model.py `_category_from_key`. */
function kindOf(path: string): string {
  const parts = path.split(".");
  const [last = "", parent, grandparent] = parts.reverse();
  if (parent === undefined || /^\d+$/.test(parent)) return last;
  const isAttentionOutput = parent === "output" && last === "dense" && grandparent === "attention";
  return isAttentionOutput ? "attention_output" : `${parent}_${last}`;
}
