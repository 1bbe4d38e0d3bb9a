/**
 * Attention whose layers keep tables of sines and cosines, and which forms scores itself.
 *
 * Source: modeling_internlm2.py of internlm/internlm2-chat-7b, `InternLM2Attention.forward`.
 */

import type { TabledAttentionForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { repeatHeads } from "../../machine/ops/repeat-heads.js";
import { reshape, select, slice, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: TabledAttentionForward;
}

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callTabledAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "tabled_attention") throw new Error(`${module.path} has no tables`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const call = { m, frame, module, forward };
    const [unturnedQuery, unturnedKey, value] = projected(call, hidden);
    const tables = tablesOf(call, value);
    const [query, key] = m.frame((inner) => {
      const rows = tables.map((table) => inner.hold(rowsOf(m, table)));
      const [cos = missing(), sin = missing()] = rows;
      return module.kernels.rotary(m, "full", [unturnedQuery, unturnedKey], [cos, sin]);
    });
    const turned = frame.rebind(unturnedKey, key);
    const states = {
      query: frame.rebind(unturnedQuery, query),
      key: frame.rebind(turned, repeatHeads(m, forward, turned)),
      value: frame.rebind(value, repeatHeads(m, forward, value)),
    };
    const repeated = { ...forward, keyValueHeads: forward.heads };
    const [attended, scores] = module.kernels.attention(m, repeated, states, context);
    if (scores !== undefined) frame.hold(scores);
    const flat = frame.hold(reshape(m, attended, hidden.shape));
    return [frame.rebind(flat, callLinear(m, childOf(module, forward.output), flat))];
  });
}

/** Queries (b, heads, s, d), which are copied out of their groups, keys and values (b, kv_heads, s, d). */
function projected(
  { m, frame, module, forward: { fused, heads, keyValueHeads, headDim } }: Call,
  hidden: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  const perGroup = heads / keyValueHeads;
  const outer = hidden.shape.slice(0, -1);
  const joined = frame.hold(callLinear(m, childOf(module, fused), hidden));
  const grouped = frame.rebind(
    joined,
    view(m, joined, [...outer, keyValueHeads, perGroup + 2, headDim]),
  );
  const cut = frame.hold(slice(m, grouped, -2, [0, perGroup]));
  const flat = frame.rebind(cut, reshape(m, cut, [...outer, heads, headDim]));
  const key = frame.hold(select(m, grouped, -2));
  const value = frame.hold(select(m, grouped, -2));
  const toFront = (x: Tensor): Tensor => frame.rebind(x, transpose(m, x, 1, 2));
  return [toFront(flat), toFront(key), toFront(value)];
}

/** The first rows of both tables in the dtype of what is turned: (s, d). */
function tablesOf(
  { m, frame, module, forward: { rotary: name, headDim } }: Call,
  { dtype, shape }: Tensor,
): readonly Tensor[] {
  const rotary = childOf(module, name);
  const length = shape[2] ?? 1;
  return ["cos_cached", "sin_cached"].map((table) => {
    const all = rotary.buffers.get(table) ?? missing();
    return frame.hold(cast(m, m.alias(all, [length, headDim], [headDim, 1]), dtype));
  });
}

/** `table[position_ids]`: (1, s, d). */
function rowsOf(m: Machine, table: Tensor): Tensor {
  return m.empty("index", [1, ...table.shape], table.dtype);
}
