/**
 * Attention that turns heads by sines and cosines out of a table, before they are moved to the front. Before transformers 5.24
 * every layer looks them up, and has a kernel of its own in float32.
 *
 * Source: transformers models/gptj/modeling_gptj.py `GPTJAttention`, models/codegen/modeling_codegen.py `CodeGenAttention`.
 */

import type { SinusoidalAttentionForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { autocastToFloat, cast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, cat, divScalar, mul } from "../../machine/ops/elementwise.js";
import { batchedMatmul } from "../../machine/ops/matmul.js";
import { rotatePairs } from "../../machine/ops/pairs.js";
import { softmax } from "../../machine/ops/softmax.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { contiguous, reshape, slice, transpose, unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";

type Own = NonNullable<SinusoidalAttentionForward["own"]>;

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: SinusoidalAttentionForward;
}

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size), and the scores. */
export function callSinusoidalAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "sinusoidal_attention")
    throw new Error(`${module.path} is no sinusoidal attention`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const call = { m, frame, module, forward };
    const [query, key, value] = projected(call, hidden);
    const moved = frame.rebind(value, transpose(m, value, 1, 2));
    const tables = sinesOf(call, context, key);
    const [turnedKey, turnedQuery] = turned(call, [key, query], tables);
    const toFront = (x: Tensor): Tensor => {
      const front = frame.rebind(x, transpose(m, x, 1, 2));
      return forward.castsTurned === true
        ? frame.rebind(front, cast(m, front, value.dtype))
        : front;
    };
    const states = { query: toFront(turnedQuery), key: toFront(turnedKey), value: moved };
    const [attended, shares] =
      forward.own === undefined
        ? module.kernels.attention(m, forward, states, context)
        : inFp32(call, forward.own, { ...states, mask: context.mask });
    if (shares !== undefined) frame.hold(shares);
    frame.hold(attended);
    const perToken = forward.own === undefined ? attended : transpose(m, attended, 1, 2);
    const merged = contiguous(m, reshape(m, contiguous(m, perToken), hidden.shape));
    const flat = frame.rebind(attended, merged);
    const output = frame.rebind(flat, callLinear(m, childOf(module, forward.output), flat));
    const dropped = dropout(m, output, forward.outputDropout);
    return shares === undefined ? [dropped] : [dropped, shares];
  });
}

/** Of this layer, or those that the decoder holds. */
function sinesOf(
  call: Call,
  { positions, tables }: AttentionContext,
  { dtype }: Tensor,
): readonly [sin: Tensor, cos: Tensor] {
  const { own } = call.forward;
  if (own !== undefined) return lookedUp(call, own, { positions: positions ?? missing(), dtype });
  const [cos, sin] = tables ?? missing();
  return [sin, cos];
}

/** Queries, keys and values (b, s, heads, d). */
function projected(call: Call, hidden: Tensor): readonly [Tensor, Tensor, Tensor] {
  const { m, frame, module, forward } = call;
  const { projections: names, heads, headDim } = forward;
  const [rows = 1, length = 1] = hidden.shape;
  const shape = [rows, length, heads, headDim];
  if (names.kind === "separate") {
    const all = [names.query, names.key, names.value].map((name) =>
      frame.hold(callLinear(m, childOf(module, name), hidden)),
    );
    return three(all.map((x) => frame.rebind(x, view(m, x, shape))));
  }
  const fused = frame.hold(callLinear(m, childOf(module, names.fused), hidden));
  const cut = frame.hold(reshape(m, fused, [rows, length, names.pieces, -1]));
  const width = (heads * headDim) / names.pieces;
  const [query, value, key] = three(splitLastDim(m, cut, [width, width, width]));
  for (const part of [query, value, key]) frame.hold(part);
  const perHead = (x: Tensor): Tensor => {
    const inPieces = reshape(m, x, [rows, length, names.pieces, heads / names.pieces, headDim]);
    return frame.rebind(x, reshape(m, inPieces, shape));
  };
  return [perHead(query), perHead(key), perHead(value)];
}

function three([first, second, third]: readonly Tensor[]): readonly [Tensor, Tensor, Tensor] {
  return [first ?? missing(), second ?? missing(), third ?? missing()];
}

/** (1, s, rotaryDim / 2) each: views of what was taken out of a copy of the table. */
function lookedUp(
  { m, frame, module }: Call,
  { table: name, gathers }: Own,
  { positions, dtype }: { readonly positions: Tensor; readonly dtype: Tensor["dtype"] },
): readonly [sin: Tensor, cos: Tensor] {
  const table = module.buffers.get(name) ?? missing();
  const [, width = 0] = table.shape;
  const length = positions.size(-1);
  const taken = [1, length, width];
  if (gathers) {
    frame.hold(m.empty("repeat", [1, ...table.shape], table.dtype));
    frame.hold(m.empty("repeat", taken, "int64"));
  }
  const rows = m.empty(gathers ? "gather" : "index", taken, table.dtype);
  const both = frame.hold(gathers ? cast(m, rows, dtype) : rows);
  const [sin, cos] = splitLastDim(m, both, [width / 2, width / 2]);
  return [frame.hold(sin ?? missing()), frame.hold(cos ?? missing())];
}

/** The first dimensions of each head turned, the rest behind them; the parts keep their variables. */
function turned(
  { m, frame, forward: { rotaryDim } }: Call,
  states: readonly [key: Tensor, query: Tensor],
  tables: readonly [sin: Tensor, cos: Tensor],
): readonly [key: Tensor, query: Tensor] {
  const [key, query] = states;
  const cut = [key, query].map((x) => ({
    turning: frame.hold(slice(m, x, -1, [0, rotaryDim])),
    passing: frame.hold(slice(m, x, -1, [rotaryDim, x.size(-1)])),
  }));
  const both = cut.map(({ turning, passing }) => ({
    embedded: frame.rebind(turning, turn(m, turning, tables)),
    passing,
  }));
  const joined = both.map(({ embedded, passing }, index) =>
    frame.rebind(states[index] ?? missing(), cat(m, [embedded, passing], -1)),
  );
  return [joined[0] ?? missing(), joined[1] ?? missing()];
}

/** `x * cos + rotate_every_two(x) * sin`, every number of the tables twice. */
function turn(m: Machine, x: Tensor, tables: readonly [sin: Tensor, cos: Tensor]): Tensor {
  return m.frame((frame) => {
    const [sin, cos] = tables.map((table) => {
      const [, length = 1, half = 1] = table.shape;
      const perHead = unsqueeze(m, table, 2);
      const twice = m.empty("clone", [1, length, 1, 2 * half], table.dtype);
      m.consume(perHead);
      return frame.hold(twice);
    });
    const straight = frame.hold(mul(m, x, cos ?? missing()));
    return add(m, straight, mul(m, rotatePairs(m, x), sin ?? missing()));
  });
}

interface States {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly mask: Tensor | undefined;
}

/** (b, heads, s, d), and the shares (b, heads, s, s). */
function inFp32(
  { m, forward }: Call,
  { masksFirst }: Own,
  { query, key, value, mask }: States,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const wide = frame.hold(cast(m, query, "float32"));
    const wideKey = frame.hold(cast(m, key, "float32"));
    let scores = frame.hold(batchedMatmul(m, wide, transpose(m, wideKey, -1, -2)));
    const scaled = (): Tensor => frame.rebind(scores, divScalar(m, scores));
    if (!masksFirst) scores = scaled();
    if (mask !== undefined) scores = frame.rebind(scores, add(m, scores, mask));
    if (masksFirst) scores = scaled();
    scores = frame.rebind(scores, softmax(m, autocastToFloat(m, scores)));
    scores = frame.rebind(scores, cast(m, scores, value.dtype));
    scores = frame.rebind(scores, dropout(m, scores, forward.attentionDropout));
    return [batchedMatmul(m, scores, value), scores];
  });
}
