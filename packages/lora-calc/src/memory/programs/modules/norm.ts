/** Normalisation modules. */

import type { LayerNormVariant } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { addScalar, mul, pow, rsqrt, subtract } from "../../machine/ops/elementwise.js";
import { layerNorm } from "../../machine/ops/normalize.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";

/** `module(hidden)`: any shape, normalised over the last dimension. */
export function callNorm(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  if (module.copy !== undefined) return callNorm(m, module.copy, hidden);
  const { forward } = module.node;
  return m.call(module.path, [hidden], () => {
    if (forward?.kind === "layer_norm")
      return LAYER_NORMS[forward.variant ?? "plain"](m, module, hidden);
    if (forward?.kind !== "rms_norm") throw new Error(`${module.path} is not a norm`);
    return module.kernels.rmsNorm(m, module, hidden);
  });
}

type LayerNorm = (m: Machine, module: BoundModule, hidden: Tensor) => Tensor;

const LAYER_NORMS: Readonly<Record<LayerNormVariant | "plain", LayerNorm>> = {
  plain: (m, module, hidden) =>
    layerNorm(m, hidden, parameterOf(module, "weight"), module.parameters.get("bias")),
  // transformers models/olmo/modeling_olmo.py OlmoLayerNorm
  bare_fp32: (m, _, hidden) => cast(m, layerNorm(m, cast(m, hidden, "float32")), hidden.dtype),
  // models/nemotron/modeling_nemotron.py NemotronLayerNorm1P
  unit_offset: (m, module, hidden) =>
    m.frame((frame) => {
      const dtype = m.autocast.dtype;
      const inDtype = (x: Tensor): Tensor => (dtype === undefined ? x : cast(m, x, dtype));
      const scale = frame.hold(addScalar(m, parameterOf(module, "weight")));
      const bias = module.parameters.get("bias");
      const input = frame.hold(inDtype(hidden));
      const weight = frame.hold(inDtype(scale));
      const offset = bias === undefined ? undefined : frame.hold(inDtype(bias));
      return withAutocast(m, undefined, () => layerNorm(m, input, weight, offset));
    }),
  // models/cohere/modeling_cohere.py CohereLayerNorm
  by_hand: (m, module, hidden) =>
    m.frame((frame) => {
      const float = frame.hold(cast(m, hidden, "float32"));
      const mean = frame.hold(meanLastDim(m, float));
      const variance = frame.hold(meanLastDim(m, pow(m, subtract(m, float, mean))));
      const centred = subtract(m, float, mean);
      const normed = frame.rebind(float, mul(m, centred, rsqrt(m, addScalar(m, variance))));
      const weight = cast(m, parameterOf(module, "weight"), "float32");
      const scaled = frame.rebind(normed, mul(m, weight, normed));
      return cast(m, scaled, hidden.dtype);
    }),
};
