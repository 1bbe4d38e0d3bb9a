/** Gated MLPs as transformers writes them. */

import { childOf } from "../../../load/bound-module.js";
import type { BoundModule, GatedMlpCall, GatedMlpForward } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { mul, mulScalar } from "../../../machine/ops/elementwise.js";
import { chunkLastDim } from "../../../machine/ops/split.js";
import type { Tensor } from "../../../machine/tensor.js";
import { callActivation } from "../../modules/activation.js";
import { gaussianGated } from "../../modules/gaussian-gate.js";
import { callLinear } from "../../modules/linear.js";

export function gatedMlp(m: Machine, { module, forward }: GatedMlpCall, x: Tensor): Tensor {
  return forward.kind === "gated_mlp"
    ? gated(m, module, forward, x)
    : fusedGated(m, module, forward, x);
}

/** `dropout(down(act(gate(x)) * up(x)))`. */
function gated(
  m: Machine,
  module: BoundModule,
  forward: Extract<GatedMlpForward, { kind: "gated_mlp" }>,
  x: Tensor,
): Tensor {
  if (forward.keepsParts !== undefined) return gaussianGated(m, module, forward, x);
  if (forward.gatesSecond === true) return gatedSecond(m, module, forward, x);
  if (forward.scales === true) return scaled(m, module, forward, x);
  return m.frame((frame) => {
    const gate = callLinear(m, childOf(module, forward.gate), x);
    const activated = frame.hold(callActivation(m, module, forward, gate));
    const product = frame.hold(mul(m, activated, callLinear(m, childOf(module, forward.up), x)));
    frame.drop(activated);
    const output = callLinear(m, childOf(module, forward.down), product);
    return dropout(m, frame.rebind(product, output), forward.dropout ?? 0);
  });
}

/** `down(up(x) * act(gate(x)))`. Source: modeling_qwen.py of Qwen/Qwen-7B, `QWenMLP`. */
function gatedSecond(
  m: Machine,
  module: BoundModule,
  forward: Extract<GatedMlpForward, { kind: "gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const up = frame.hold(callLinear(m, childOf(module, forward.up), x));
    const gate = frame.hold(callLinear(m, childOf(module, forward.gate), x));
    const product = frame.hold(mul(m, up, callActivation(m, module, forward, gate)));
    return callLinear(m, childOf(module, forward.down), product);
  });
}

/** `down(up(x) * act(gate(x) * a)) * b`. Source: transformers models/falcon_h1/modeling_falcon_h1.py `FalconH1MLP`. */
function scaled(
  m: Machine,
  module: BoundModule,
  forward: Extract<GatedMlpForward, { kind: "gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const up = callLinear(m, childOf(module, forward.up), x);
    const product = m.frame((inner) => {
      inner.hold(up);
      const gate = mulScalar(m, callLinear(m, childOf(module, forward.gate), x));
      return mul(m, up, callActivation(m, module, forward, gate));
    });
    const held = frame.hold(product);
    return mulScalar(m, callLinear(m, childOf(module, forward.down), held));
  });
}

/** `gate, up = gate_up(x).chunk(2); down(up * act(gate))`. */
function fusedGated(
  m: Machine,
  module: BoundModule,
  forward: Extract<GatedMlpForward, { kind: "fused_gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    const both = frame.hold(callLinear(m, childOf(module, forward.gateUp), x));
    const [gate, up] = chunkLastDim(m, both, 2);
    if (gate === undefined || up === undefined) throw new Error("chunk gave too few parts");
    frame.hold(gate);
    if (forward.keepsHalves === true) {
      frame.rebind(both, up);
      const product = frame.hold(mul(m, callActivation(m, module, forward, gate), up));
      return callLinear(m, childOf(module, forward.down), product);
    }
    frame.rebind(both, up);
    const product = mul(m, up, callActivation(m, module, forward, gate));
    frame.rebind(up, product);
    return callLinear(m, childOf(module, forward.down), product);
  });
}
