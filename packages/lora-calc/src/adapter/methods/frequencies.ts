/** FourierFT and WaveFT: a few trained coefficients per layer, in the Fourier or a wavelet basis. */

import { adapterFields } from "../../fields/scenario.js";
import type { AdaptedModule } from "../plan/plan.js";
import { ALL_LAYER_RULES } from "../targets/targeting.js";
import { rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import {
  misfit,
  patternTable,
  requirePositive,
  roundHalfEven,
  suffixTable,
  trained,
} from "./tensors.js";
import { missing } from "../../problem/missing.js";

const FIELDS = adapterFields(
  ["n_frequency", "scaling", "random_loc_seed", "fan_in_fan_out", "target_modules"],
  ["exclude_modules", "bias", "modules_to_save", "layers_to_transform", "layers_pattern"],
  ["n_frequency_pattern", "init_weights"],
);

const SHARED = {
  layerRules: ALL_LAYER_RULES,
  adaptsConv1d: true,
  others: "invalid_adapter_type",
} as const;

/**
 *     n_frequency
 *
 * Source: Gao et al. 2024, arXiv:2405.03003; peft tuners/fourierft/layer.py `update_layer`.
 */
export const fourierft: LayerMethod = {
  ...SHARED,
  peftType: "FOURIERFT",
  configClass: "FourierFTConfig",
  formula: "n_frequency per layer",
  fields: FIELDS,
  read: (adapter) => {
    const counts = suffixTable(adapter, "n_frequency_pattern");
    const usual = adapter.integer("n_frequency") ?? 1000;
    return {
      tables: [counts],
      linear: (inFeatures, outFeatures, site) => {
        const count = counts.valueFor(site.path) ?? usual;
        checkCount(site, count, inFeatures * outFeatures);
        return [trained("fourierft_spectrum.default", count)];
      },
    };
  },
};

/**
 *     n_frequency, or its share of n_frequency · layers by in · out (`proportional_parameters`)
 *
 * Source: peft tuners/waveft/model.py `_calculate_proportional_parameters`, layer.py `update_layer`.
 */
export const waveft: LayerMethod = {
  ...SHARED,
  peftType: "WAVEFT",
  configClass: "WaveFTConfig",
  formula: "n_frequency per layer, or shared out by in · out",
  fields: adapterFields(FIELDS, ["wavelet_family", "use_idwt", "proportional_parameters"]),
  read: (adapter) => {
    const family = adapter.string("wavelet_family") ?? "db1";
    if (!WAVELET.test(family)) {
      rejectOption(
        adapter,
        "wavelet_family",
        "must be one of db1 to db38, sym2 to sym20, coif1 to coif17",
      );
    }
    const counts = patternTable(adapter, "n_frequency_pattern");
    const usual = adapter.integer("n_frequency") ?? 2592;
    const isProportional = adapter.boolean("proportional_parameters") ?? false;
    return {
      tables: isProportional ? [] : [counts],
      linear: (inFeatures, outFeatures, site) => {
        const count = isProportional ? usual : (counts.valueFor(site.path) ?? usual);
        if (!isProportional) checkCount(site, count, inFeatures * outFeatures);
        return [trained(SPECTRUM, count)];
      },
      ...(isProportional
        ? { looksFirst: "among_matched", together: (modules) => shared(modules, usual) }
        : {}),
    };
  },
};

/** Source: peft tuners/waveft/constants.py `WAVELET_REDUCTIONS`. */
const WAVELET = /^(db([1-9]|[12]\d|3[0-8])|sym([2-9]|1\d|20)|coif([1-9]|1[0-7]))$/;

const SPECTRUM = "waveft_spectrum.default";

function checkCount(site: AdaptedModule["site"], count: number, most: number): void {
  requirePositive(site, "n_frequency", count);
  if (count > most) misfit(site, "n_frequency", count, `at most ${most}, the size of the weight`);
}

/** Every layer gets its share of the budget, at least one. */
function shared(modules: readonly AdaptedModule[], usual: number): readonly AdaptedModule[] {
  const sizes = modules.map(({ site }) => sizeOf(site));
  const layers = modules.reduce((sum, { site }) => sum + site.count, 0);
  const total = modules.reduce(
    (sum, { site }, index) => sum + site.count * (sizes[index] ?? missing()),
    0,
  );
  return modules.map(({ site }, index) => {
    const size = sizes[index] ?? missing();
    const count = Math.max(1, roundHalfEven((size / total) * (usual * layers)));
    checkCount(site, count, size);
    return { site, tensors: [trained(SPECTRUM, count)] };
  });
}

function sizeOf({ node: { layer } }: AdaptedModule["site"]): number {
  return layer !== undefined && "inFeatures" in layer ? layer.inFeatures * layer.outFeatures : 0;
}
