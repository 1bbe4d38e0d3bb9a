/** Feed-forward modules. */

import type { Activation, MlpForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { dropout } from "../../machine/ops/dropout.js";
import { mul } from "../../machine/ops/elementwise.js";
import { chunkLastDim } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { callLinear } from "./linear.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callMlp(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  return m.call(module.path, [hidden], () => {
    if (forward?.kind === "gated_mlp") return gated(m, module, forward, hidden);
    if (forward?.kind === "fused_gated_mlp") return fusedGated(m, module, forward, hidden);
    if (forward?.kind === "mlp") return plain(m, module, forward, hidden);
    throw new Error(`${module.path} is not an MLP`);
  });
}

/** `dropout(down(act(gate(x)) * up(x)))`. */
function gated(
  m: Machine,
  module: BoundModule,
  forward: Extract<MlpForward, { kind: "gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const gate = callLinear(m, childOf(module, forward.gate), x);
    const activated = frame.hold(callActivation(m, module, forward.activation, gate));
    const product = frame.hold(mul(m, activated, callLinear(m, childOf(module, forward.up), x)));
    frame.drop(activated);
    const output = callLinear(m, childOf(module, forward.down), product);
    return dropout(m, frame.rebind(product, output), forward.dropout ?? 0);
  });
}

/** `gate, up = gate_up(x).chunk(2); down(up * act(gate))`. */
function fusedGated(
  m: Machine,
  module: BoundModule,
  forward: Extract<MlpForward, { kind: "fused_gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const both = frame.hold(callLinear(m, childOf(module, forward.gateUp), x));
    const [gate, up] = chunkLastDim(m, both, 2);
    if (gate === undefined || up === undefined) throw new Error("chunk gave too few parts");
    frame.hold(gate);
    frame.rebind(both, up);
    const product = mul(m, up, callActivation(m, module, forward.activation, gate));
    frame.rebind(up, product);
    return callLinear(m, childOf(module, forward.down), product);
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
    const activated = frame.rebind(inner, callActivation(m, module, forward.activation, inner));
    const output = frame.rebind(activated, callLinear(m, childOf(module, forward.down), activated));
    return dropout(m, output, forward.dropout ?? 0);
  });
}

function callActivation(
  m: Machine,
  module: BoundModule,
  activation: Activation,
  input: Tensor,
): Tensor {
  return m.call(`${module.path}.act_fn`, [input], () => activate(m, activation, input));
}
