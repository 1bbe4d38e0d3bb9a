/** `torch.optim.AdamW`: two moments in the dtype of each parameter, and a step counter. */

import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { Optimizer } from "./optimizer.js";

export function torchAdamw(parameters: readonly Tensor[], kernel: "fused" | "foreach"): Optimizer {
  const withState = new Set<Tensor>();
  return {
    step: (m) => {
      for (const parameter of parameters) {
        if (parameter.grad === undefined || withState.has(parameter)) continue;
        withState.add(parameter);
        m.retain(m.empty("zeros", [], "float32"));
        m.retain(m.empty("zeros_like", parameter.shape, parameter.dtype));
        m.retain(m.empty("zeros_like", parameter.shape, parameter.dtype));
      }
      if (kernel === "foreach") foreachTemporaries(m, parameters);
    },
  };
}

/** The foreach kernels hold the square roots of all second moments at once. */
function foreachTemporaries(m: Machine, parameters: readonly Tensor[]): void {
  const roots = parameters.map(({ shape, dtype }) => m.retain(m.empty("_foreach_sqrt", shape, dtype)));
  for (const root of roots) m.release(root);
}
