/** VeRA and PVeRA: two vectors per layer over random projections that all layers share. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import type { AdapterTensor } from "../plan/plan.js";
import type { Formula, LayerMethod } from "./layer-method.js";
import { requirePositive, trained } from "./tensors.js";

const DEFAULT_RANK = 256;

const FIELDS = adapterFields(
  ["r", "target_modules", "projection_prng_key", "save_projection", "d_initial"],
  ["fan_in_fan_out", "bias", "modules_to_save", "init_weights", "layers_to_transform"],
  ["layers_pattern"],
);

const SHARED = {
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: true,
} as const;

/**
 *     out + r     (the shared A and B are buffers)
 *
 * Source: Kopiczko et al. 2024, arXiv:2310.11454; peft tuners/vera/layer.py `update_layer`.
 */
export const vera: LayerMethod = {
  ...SHARED,
  peftType: "VERA",
  dropout: "vera_dropout",
  configClass: "VeraConfig",
  formula: "out + r per layer",
  fields: adapterFields(FIELDS, ["vera_dropout"]),
  others: "invalid_adapter_type",
  read: (adapter) => vectors(adapter, "vera", 1),
};

/**
 *     out + 2r     (mean and deviation of every component)
 *
 * Source: peft tuners/pvera/layer.py `update_layer`.
 */
export const pvera: LayerMethod = {
  ...SHARED,
  peftType: "PVERA",
  dropout: "pvera_dropout",
  configClass: "PveraConfig",
  formula: "out + 2r per layer",
  fields: adapterFields(FIELDS, ["pvera_dropout", "sample_at_inference", "generator_seed"]),
  others: "unsupported_target_module",
  read: (adapter) => vectors(adapter, "pvera", 2),
};

function vectors(adapter: Fields, prefix: string, perComponent: number): Formula {
  const rank = adapter.integer("r") ?? DEFAULT_RANK;
  const isSaved = adapter.boolean("save_projection") ?? true;
  return {
    looksFirst: "before_matching",
    // As wide as the widest targeted layer; every layer takes the part it needs.
    ofModel: (modules) => {
      const widest = (side: "inFeatures" | "outFeatures"): number =>
        Math.max(
          ...modules.map(({ site: { node } }) =>
            node.layer !== undefined && "inFeatures" in node.layer ? node.layer[side] : 0,
          ),
        );
      return [
        projection(`${prefix}_A.default`, [perComponent * rank, widest("inFeatures")], isSaved),
        projection(`${prefix}_B.default`, [widest("outFeatures"), rank], isSaved),
      ];
    },
    linear: (_, outFeatures, site) => {
      requirePositive(site, "r", rank);
      return [
        trained(`${prefix}_lambda_b.default`, outFeatures),
        trained(`${prefix}_lambda_d.default`, perComponent * rank),
      ];
    },
  };
}

function projection(name: string, shape: readonly number[], isSaved: boolean): AdapterTensor {
  return { name, shape, trainable: false, isBuffer: true, isSaved };
}
