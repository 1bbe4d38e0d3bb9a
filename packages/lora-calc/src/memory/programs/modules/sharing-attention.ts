/** Self-attention whose last layers use keys and values of earlier ones. */

import type { SharingAttentionForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { contiguous, reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callSharingAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "sharing_attention")
    throw new Error(`${module.path} shares no keys and values`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const call = { m, frame, module, forward, hidden, tables: context.tables ?? missing() };
    const projected = frame.hold(projectedBy(call, forward.query));
    const query = turned(call, projected, forward.queryNorm);
    const [key, value] = keysAndValues(call, context);
    const states = { query, key, value };
    const [attended, scores] = module.kernels.attention(m, forward, states, context);
    frame.hold(attended);
    if (scores !== undefined) frame.hold(scores);
    const joined = contiguous(m, reshape(m, attended, [...hidden.shape.slice(0, -1), -1]));
    const flat = frame.rebind(attended, joined);
    const output = callLinear(m, childOf(module, forward.output), flat);
    return scores === undefined ? [output] : [output, scores];
  });
}

interface SharingCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: SharingAttentionForward;
  readonly hidden: Tensor;
  readonly tables: readonly [Tensor, Tensor];
}

/** (b, s, heads, d) */
function projectedBy({ m, module, forward, hidden }: SharingCall, name: string): Tensor {
  const projected = callLinear(m, childOf(module, name), hidden);
  return view(m, projected, [...hidden.shape.slice(0, -1), -1, forward.headDim]);
}

/** (b, heads, s, d), in the variable of what was projected. */
function turned({ m, frame, module, tables }: SharingCall, states: Tensor, norm: string): Tensor {
  const normed = frame.rebind(states, callNorm(m, childOf(module, norm), states));
  const rotated = frame.rebind(normed, module.kernels.rotaryUnmoved(m, normed, tables));
  return frame.rebind(rotated, transpose(m, rotated, 1, 2));
}

function keysAndValues(call: SharingCall, { shared }: AttentionContext): readonly [Tensor, Tensor] {
  const { m, frame, module, forward } = call;
  const { own, layerType } = forward;
  if (own === undefined) {
    const [key = missing(), value = missing()] = shared?.of(layerType) ?? [];
    return [frame.hold(key), frame.hold(value)];
  }
  const projected = frame.hold(projectedBy(call, own.key));
  const values = (): Tensor =>
    frame.hold(own.value === undefined ? projected : projectedBy(call, own.value));
  const early = own.valueLast === true ? undefined : values();
  const key = turned(call, projected, own.keyNorm);
  const plain = early ?? values();
  const normed = frame.rebind(plain, callNorm(m, childOf(module, own.valueNorm), plain));
  const value = frame.rebind(normed, transpose(m, normed, 1, 2));
  if (own.isLeft) shared?.leave(layerType, [key, value]);
  return [key, value];
}
