/** LoKr: the Kronecker product of a small matrix and a low-rank product. */

import { adapterFields } from "../../fields/scenario.js";
import type { AdapterTensor } from "../plan/plan.js";
import type { LayerMethod } from "./layer-method.js";
import { kernelSize, patternTable, requirePositive, trained } from "./tensors.js";

/**
 *     out = o1·o2, in = i1·i2 (factors near each other)
 *     w1: o1·i1, or r·(o1 + i1) when it is decomposed and r < max(o1, i1) / 2
 *     w2: o2·i2, or r·(o2 + i2) when r < max(o2, i2) / 2
 *
 * Source: Yeh et al. 2024, arXiv:2309.14859; peft tuners/lokr/layer.py `update_layer`.
 */
export const lokr: LayerMethod = {
  peftType: "LOKR",
  configClass: "LoKrConfig",
  formula: "o1·i1 + r · (o2 + i2) per layer, in = i1·i2, out = o1·o2",
  fields: adapterFields(
    ["rank_pattern", "alpha_pattern", "r", "alpha", "rank_dropout", "module_dropout"],
    ["use_effective_conv2d", "decompose_both", "decompose_factor", "rank_dropout_scale"],
    ["target_modules", "exclude_modules", "init_weights", "layers_to_transform"],
    ["layers_pattern", "modules_to_save"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "invalid_adapter_type",
  read: (adapter) => {
    const ranks = patternTable(adapter, "rank_pattern");
    const usual = adapter.integer("r") ?? 8;
    const decomposesBoth = adapter.boolean("decompose_both") ?? false;
    const factor = adapter.integer("decompose_factor") ?? -1;
    const isEffective = adapter.boolean("use_effective_conv2d") ?? false;
    return {
      tables: [ranks],
      conv: {
        kinds: ["conv1d", "conv2d"],
        tensors: ({ inChannels, outChannels, kernel, groups }, site) => {
          const rank = ranks.valueFor(site.path) ?? usual;
          requirePositive(site, "r", rank);
          const [inner1, inner2] = factorization(inChannels / groups, factor);
          const [outer1, outer2] = factorization(outChannels, factor);
          const size = kernelSize(kernel);
          const w1 = matrix("lokr_w1", outer1, inner1, decomposesBoth ? rank : undefined);
          if (rank >= Math.max(outer2, inner2) / 2) {
            return [...w1, trained("lokr_w2.default", outer2, inner2, ...kernel)];
          }
          if (!isEffective || size === 1) {
            return [...w1, ...product("lokr_w2", outer2, inner2 * size, rank)];
          }
          return [
            ...w1,
            trained("lokr_t2.default", rank, rank, ...kernel),
            trained("lokr_w2_a.default", rank, outer2),
            trained("lokr_w2_b.default", rank, inner2),
          ];
        },
      },
      linear: (inFeatures, outFeatures, site) => {
        const rank = ranks.valueFor(site.path) ?? usual;
        requirePositive(site, "r", rank);
        const [inner1, inner2] = factorization(inFeatures, factor);
        const [outer1, outer2] = factorization(outFeatures, factor);
        return [
          ...matrix("lokr_w1", outer1, inner1, decomposesBoth ? rank : undefined),
          ...matrix("lokr_w2", outer2, inner2, rank),
        ];
      },
    };
  },
};

/** A matrix, as a product where the rank is below half of its larger side. */
function matrix(
  name: string,
  rows: number,
  columns: number,
  rank: number | undefined,
): readonly AdapterTensor[] {
  if (rank === undefined || rank >= Math.max(rows, columns) / 2) {
    return [trained(`${name}.default`, rows, columns)];
  }
  return product(name, rows, columns, rank);
}

function product(
  name: string,
  rows: number,
  columns: number,
  rank: number,
): readonly AdapterTensor[] {
  return [trained(`${name}_a.default`, rows, rank), trained(`${name}_b.default`, rank, columns)];
}

/** Two factors of a dimension, near each other and the smaller one at most `factor`. Source: `factorization`. */
function factorization(dimension: number, factor: number): readonly [number, number] {
  if (factor > 0 && dimension % factor === 0) return [factor, dimension / factor];
  const most = factor === -1 ? dimension : factor;
  let [low, high] = [1, dimension];
  const length = low + high;
  while (low < high) {
    let next = low + 1;
    while (dimension % next !== 0) next += 1;
    const other = dimension / next;
    if (next + other > length || next > most) break;
    [low, high] = [next, other];
  }
  return low > high ? [high, low] : [low, high];
}
