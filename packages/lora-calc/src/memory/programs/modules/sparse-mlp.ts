/**
 * Mixture-of-experts blocks as transformers 5 runs them by default.
 *
 * Source: transformers models/qwen3_moe/modeling_qwen3_moe.py (`Qwen3MoeSparseMoeBlock`), models/qwen2_moe, models/mixtral,
 * models/olmoe, models/gpt_oss.
 */

import type { SparseMlpForward } from "../../../graph/tree/forward.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { sigmoid } from "../../machine/ops/activations.js";
import { add, mul } from "../../machine/ops/elementwise.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { callExperts } from "./experts.js";
import { callLinear } from "./linear.js";
import { callMlp } from "./mlp.js";
import { callRouter } from "./router.js";

/** `module(hidden)`: (b, s, hidden_size) → the same, and the weights of the choice where the block returns them. */
export function callSparseMlp(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "sparse_mlp") throw new Error(`${module.path} has no experts`);
  return m.call<readonly [Tensor] | readonly [Tensor, Tensor]>(module.path, [hidden], (frame) => {
    if (forward.sharedLast !== undefined) {
      return [withSharedLast({ m, frame, module, forward }, hidden, forward.sharedLast)];
    }
    const rows = frame.hold(view(m, hidden, [-1, hidden.size(-1)]));
    const { shared, returnsWeights = false } = forward;
    const seen =
      shared === undefined ? undefined : frame.hold(callMlp(m, childOf(module, shared.mlp), rows));
    const routed = callRouter(m, childOf(module, forward.router), rows, module.buffers);
    for (const tensor of routed) frame.hold(tensor);
    const [, weights, places] = routed;
    const experts = childOf(module, forward.experts);
    const output = frame.hold(callExperts(m, experts, rows, { weights, places }));
    if (returnsWeights) return [view(m, output, hidden.shape), weights];
    if (shared === undefined || seen === undefined) return [view(m, output, hidden.shape)];
    const gated =
      shared.gate === undefined
        ? seen
        : frame.rebind(seen, openedBy(m, childOf(module, shared.gate), rows, seen));
    const sum = frame.rebind(output, add(m, output, gated));
    return [view(m, sum, hidden.shape)];
  });
}

/** `sigmoid(gate(rows)) * seen`. */
function openedBy(m: Machine, gate: BoundModule, rows: Tensor, seen: Tensor): Tensor {
  return mul(m, sigmoid(m, callLinear(m, gate, rows)), seen);
}

interface SparseCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: SparseMlpForward;
}

/** `experts(x) + shared(x)`: router and experts flatten the tokens each for themselves. */
function withSharedLast(
  { m, frame, module, forward }: SparseCall,
  hidden: Tensor,
  shared: string,
): Tensor {
  const routed = callRouter(m, childOf(module, forward.router), hidden);
  for (const tensor of routed) frame.hold(tensor);
  const [, weights, places] = routed;
  const rows = frame.hold(view(m, hidden, [-1, hidden.size(-1)]));
  const experts = childOf(module, forward.experts);
  const output = callExperts(m, experts, rows, { weights, places });
  const sum = frame.rebind(rows, view(m, output, hidden.shape));
  return add(m, sum, callMlp(m, childOf(module, shared), hidden));
}
