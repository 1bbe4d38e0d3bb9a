/**
 * Liger's SwiGLU and GEGLU: the gate's activation and the product in one kernel that keeps both projections, in whose
 * place their gradients are written.
 *
 * Source: Liger-Kernel 0.8.2 ops/swiglu.py, ops/geglu.py, transformers/swiglu.py `LigerSwiGLUMLP`, `LigerPhi3SwiGLUMLP`.
 */

import { childOf } from "../../../load/bound-module.js";
import type { GatedMlpCall } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { chunkLastDim } from "../../../machine/ops/split.js";
import { contiguous } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import { callLinear } from "../../modules/linear.js";

export function ligerGatedMlp(m: Machine, { module, forward }: GatedMlpCall, x: Tensor): Tensor {
  return m.frame((frame) => {
    const project = (name: string): Tensor => callLinear(m, childOf(module, name), x);
    if (forward.kind === "gated_mlp") {
      const gate = frame.hold(project(forward.gate));
      const up = frame.hold(project(forward.up));
      const product = frame.hold(gatedProduct(m, gate, up));
      frame.drop(gate);
      frame.drop(up);
      return callLinear(m, childOf(module, forward.down), product);
    }
    const both = frame.hold(project(forward.gateUp));
    const [gate, up] = chunkLastDim(m, both, 2);
    if (gate === undefined || up === undefined) throw new Error("chunk gave too few parts");
    frame.hold(gate);
    frame.rebind(both, up);
    return callLinear(m, childOf(module, forward.down), frame.hold(gatedProduct(m, gate, up)));
  });
}

function gatedProduct(m: Machine, gate: Tensor, up: Tensor): Tensor {
  return m.frame((frame) => {
    const node = m.track("LigerGatedMulFunction", [gate, up]);
    const parts = [gate, up].map((x) => frame.hold(m.withoutGrad(() => contiguous(m, x))));
    const output = m.empty("empty_like", gate.shape, gate.dtype);
    if (node !== undefined) {
      for (const part of parts) m.save(node, part);
      node.backward = (arrived, saved) =>
        m.frame((inner) => {
          inner.hold(contiguous(m, arrived));
          return saved.map((part) => m.alias(part));
        });
    }
    m.finish(node, [output], []);
    return output;
  });
}
