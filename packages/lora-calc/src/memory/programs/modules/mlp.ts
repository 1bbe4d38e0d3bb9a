/** Feed-forward modules. */

import type { MlpForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { callActivation } from "./activation.js";
import { callLinear } from "./linear.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callMlp(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  return m.call(module.path, [hidden], () => {
    if (forward?.kind === "mlp") return plain(m, module, forward, hidden);
    if (forward?.kind !== "gated_mlp" && forward?.kind !== "fused_gated_mlp") {
      throw new Error(`${module.path} is not an MLP`);
    }
    return module.kernels.gatedMlp(m, { module, forward }, hidden);
  });
}

/** `dropout(down(act(up(x))))`, every step under the same name. */
function plain(
  m: Machine,
  module: BoundModule,
  forward: Extract<MlpForward, { kind: "mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const inner = frame.hold(callLinear(m, childOf(module, forward.up), x));
    const activated = frame.rebind(inner, callActivation(m, module, forward, inner));
    const output = frame.rebind(activated, callLinear(m, childOf(module, forward.down), activated));
    return dropout(m, output, forward.dropout ?? 0);
  });
}
