/** PSOFT: the principal subspace of the weight is turned, and stretched on both sides. */

import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow } from "../plan/reject-option.js";
import { ALL_LAYER_RULES } from "../targets/targeting.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

/**
 *     r · (r − 1) / 2, or r² when it need not stay orthogonal; and r for each of two vectors
 *
 * Source: peft tuners/psoft/layer.py `OrthLayer`, `update_layer`.
 */
export const psoft: LayerMethod = {
  peftType: "PSOFT",
  dropout: "psoft_dropout",
  configClass: "PsoftConfig",
  formula: "r · (r − 1) / 2 + 2r per layer",
  fields: adapterFields(
    ["r", "target_modules", "exclude_modules", "psoft_alpha", "psoft_dropout"],
    ["fan_in_fan_out", "ab_svd_init", "psoft_svd", "psoft_svd_lowrank_niter", "random_seed"],
    ["psoft_orth", "psoft_mag_b", "psoft_mag_a", "use_cayley_neumann"],
    ["num_cayley_neumann_terms", "cayley_neumann_eps", "modules_to_save", "init_weights"],
    ["layers_to_transform", "layers_pattern"],
  ),
  layerRules: ALL_LAYER_RULES,
  adaptsConv1d: false,
  others: "unsupported_target_module",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 32;
    if (rank <= 0) rejectBelow(adapter, "r", 1);
    adapter.oneOf("ab_svd_init", ["psoft_init", "pissa_init"]);
    adapter.oneOf("psoft_svd", ["full", "lowrank"]);
    const staysOrthogonal = adapter.boolean("psoft_orth") ?? true;
    return {
      linear: (inFeatures, outFeatures, site) => {
        const most = Math.min(inFeatures, outFeatures);
        if (rank > most) misfit(site, "r", rank, `at most ${most}`);
        return [
          staysOrthogonal
            ? trained("psoft_R.default.weight", (rank * (rank - 1)) / 2)
            : trained("psoft_R.default.weight", rank, rank),
          ...(["vector_b", "vector_a"] as const).flatMap((name) =>
            (adapter.boolean(`psoft_mag_${name.slice(-1)}`) ?? true)
              ? [trained(`psoft_R.default.${name}`, rank)]
              : [],
          ),
        ];
      },
    };
  },
};
