/** OSF: the small singular directions of the weight are trained, the large ones stay. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { PatternTable } from "../targets/pattern-table.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

/**
 *     k · (in + out + 1),  k = min(in, out) − effective_rank
 *
 * The rank is half of min(in, out) unless given: a share below 1, or a number (1 is one direction).
 * What is not a linear layer is left as it is.
 *
 * Source: peft tuners/osf/model.py `_create_and_replace`, layer.py `update_layer`.
 */
export const osf: LayerMethod = {
  peftType: "OSF",
  configClass: "OSFConfig",
  formula: "k · (in + out + 1) per layer, k = min(in, out) − rank",
  fields: adapterFields(
    ["effective_rank", "target_modules", "rank_pattern", "init_weights", "modules_to_save"],
    ["target_svd_config"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "skipped",
  targetsByDefault: "all-linear",
  read: (adapter) => {
    const given = adapter.number("effective_rank");
    const ranks = rankTable(adapter);
    return {
      tables: [ranks],
      linear: (inFeatures, outFeatures, site) => {
        const smaller = Math.min(inFeatures, outFeatures);
        const kept = keptRank(ranks.valueFor(site.path) ?? given, smaller);
        if (kept <= 0) misfit(site, "effective_rank", kept, "at least 1");
        const rest = smaller - kept;
        return [
          trained("osf_svd_params.default.U_low", outFeatures, rest),
          trained("osf_svd_params.default.S_low", rest),
          trained("osf_svd_params.default.V_low", rest, inFeatures),
        ];
      },
    };
  },
};

function keptRank(given: number | undefined, smaller: number): number {
  if (given === undefined) return Math.floor(smaller / 2);
  const rank = given > 0 && given < 1 ? smaller * given : given;
  return Math.max(0, Math.min(smaller, Math.trunc(rank)));
}

/** Keys are searched for anywhere in a path. */
function rankTable(adapter: Fields): PatternTable {
  const fields = adapter.object("rank_pattern");
  const values = new Map<string, number>();
  for (const key of Object.keys(fields?.values ?? {})) {
    const value = fields?.number(key);
    if (value !== undefined) values.set(key, value);
  }
  return new PatternTable(values, adapter.at("rank_pattern"), [(key) => `.*?(?:${key})`]);
}
