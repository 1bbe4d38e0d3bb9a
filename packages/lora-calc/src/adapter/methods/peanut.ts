/** PEANuT: a small network over the weight makes its update. */

import { METHOD_FIELDS } from "../../fields/adapter-methods.js";
import { readField } from "../../fields/read.js";
import { adapterFields } from "../../fields/scenario.js";
import { rejectBelow } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { trained } from "./tensors.js";

/** Source: transformers activations.py `ACT2FN`. */
const ACTIVATIONS = [
  ...["gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python"],
  ...["gelu_python_tanh", "gelu_pytorch_tanh", "hardswish", "laplace", "leaky_relu", "linear"],
  ...["mish", "prelu", "quick_gelu", "relu", "relu2", "relu6"],
  ...["sigmoid", "silu", "sqrtsoftplus", "swish", "tanh", "xielu"],
];

/**
 *     2 · r · out + 2 · depth · r²
 *
 * Source: arXiv:2410.01870; peft tuners/peanut/layer.py `update_layer`.
 */
export const peanut: LayerMethod = {
  peftType: "PEANUT",
  configClass: "PeanutConfig",
  formula: "2r · out + 2 · depth · r² per layer",
  fields: adapterFields(
    ["r", "depth", "act_fn", "scaling", "target_modules", "exclude_modules"],
    ["modules_to_save", "layers_to_transform", "layers_pattern", "init_weights"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "not_implemented_by_peft",
  read: (adapter) => {
    const rank = adapter.integer("r") ?? 32;
    const depth = readField(adapter, "depth", METHOD_FIELDS.depth) ?? 0;
    if (rank <= 0) rejectBelow(adapter, "r", 1);
    adapter.oneOf("act_fn", ACTIVATIONS);
    if (depth < 0) rejectBelow(adapter, "depth", 0);
    return {
      linear: (_, outFeatures) => [
        trained("peanut_A.default.weight", rank, outFeatures),
        trained("peanut_B.default.weight", outFeatures, rank),
        ...Array.from({ length: depth }, (_step, index) => [
          trained(`peanut_encoders.default.${index}.weight`, rank, rank),
          trained(`peanut_decoders.default.${index}.weight`, rank, rank),
        ]).flat(),
      ],
    };
  },
};
