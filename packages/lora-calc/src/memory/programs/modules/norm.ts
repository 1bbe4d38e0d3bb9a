/** Normalisation modules. */

import type { Machine } from "../../machine/machine.js";
import { layerNorm } from "../../machine/ops/normalize.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";

/** `module(hidden)`: any shape, normalised over the last dimension. */
export function callNorm(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  if (module.copy !== undefined) return callNorm(m, module.copy, hidden);
  const { forward } = module.node;
  return m.call(module.path, [hidden], () => {
    if (forward?.kind === "layer_norm") {
      return layerNorm(m, hidden, parameterOf(module, "weight"), module.parameters.get("bias"));
    }
    if (forward?.kind !== "rms_norm") throw new Error(`${module.path} is not a norm`);
    return module.kernels.rmsNorm(m, module, hidden);
  });
}
