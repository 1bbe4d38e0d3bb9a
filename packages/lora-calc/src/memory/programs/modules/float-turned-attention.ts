/**
 * Attention that turns queries and keys in fp32 before heads are moved to the front, and makes a table of what is causal in every
 * layer.
 *
 * Source: modeling_qwen.py of Qwen/Qwen-7B, `QWenAttention.forward`, `apply_rotary_pos_emb`, `_rotate_half`; what runs without
 * the flash_attn package.
 */

import type { FloatTurnedAttentionForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { add, cat, mul, neg } from "../../machine/ops/elementwise.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { contiguous, lastOf, permute, unbind, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callFloatTurnedAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "float_turned_attention")
    throw new Error(`${module.path} turns in 16 bits`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const [query, key, value] = projected(m, frame, { module, forward }, hidden);
    const turned = (x: Tensor): Tensor =>
      frame.rebind(x, turnInFp32(m, x, context.tables ?? missing()));
    const states = [turned(query), turned(key), value];
    const causal = frame.hold(causalTable(m, hidden.size(1)));
    const [front, keys, values] = states.map((x) => frame.rebind(x, permute(m, x, [0, 2, 1, 3])));
    const mask = frame.hold(withPadding(m, causal, context.mask));
    const [attended] = module.kernels.attention(
      m,
      forward,
      { query: front ?? missing(), key: keys ?? missing(), value: values ?? missing() },
      { ...context, implementation: "sdpa", mask },
    );
    frame.hold(attended);
    const flat = frame.hold(view(m, contiguous(m, attended), hidden.shape));
    return [frame.rebind(attended, callLinear(m, childOf(module, forward.output), flat))];
  });
}

interface Parts {
  readonly module: BoundModule;
  readonly forward: FloatTurnedAttentionForward;
}

/** Queries, keys and values (b, s, heads, d). */
function projected(
  m: Machine,
  frame: Frame,
  { module, forward: { fused, heads, headDim } }: Parts,
  hidden: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  const joined = frame.hold(callLinear(m, childOf(module, fused), hidden));
  const width = heads * headDim;
  const parts = splitLastDim(m, joined, [width, width, width]);
  for (const part of parts) frame.hold(part);
  const perHead = [...hidden.shape.slice(0, -1), heads, headDim];
  const [query, key, value] = parts.map((part) => frame.rebind(part, view(m, part, perHead)));
  return [query ?? missing(), key ?? missing(), value ?? missing()];
}

/** `cat(x * cos + rotate_half(x) * sin, nothing)`, cast back. */
function turnInFp32(
  m: Machine,
  x: Tensor,
  [cos, sin]: readonly [cos: Tensor, sin: Tensor],
): Tensor {
  return m.frame((frame) => {
    const wide = frame.hold(cast(m, x, "float32"));
    const passing = frame.hold(lastOf(m, wide, 3, 0));
    const straight = frame.hold(mul(m, wide, cos));
    const turned = frame.hold(add(m, straight, mul(m, rotateHalf(m, wide), sin)));
    frame.drop(straight);
    return cast(m, cat(m, [turned, passing], -1), x.dtype);
  });
}

function rotateHalf(m: Machine, x: Tensor): Tensor {
  return m.frame((frame) => {
    const halves = frame.hold(view(m, x, [...x.shape.slice(0, -1), 2, x.size(-1) / 2]));
    const [first = missing(), second = missing()] = unbind(m, halves, -2);
    for (const half of [first, second]) frame.hold(half);
    return cat(m, [neg(m, second), first], -1);
  });
}

/** `tril(ones)`: (1, 1, s, s). */
function causalTable(m: Machine, length: number): Tensor {
  const ones = m.empty("ones", [length, length], "bool");
  const table = m.empty("tril", [1, 1, length, length], "bool");
  m.consume(ones);
  return table;
}

/** Numbers (b, 1, s, s) where there is padding: its columns, with the least number where what is not causal lies. */
function withPadding(m: Machine, causal: Tensor, padding: Tensor | undefined): Tensor {
  if (padding === undefined) return causal;
  return m.frame((frame) => {
    frame.hold(m.empty("bitwise_not", causal.shape, "bool"));
    const [rows = 1] = padding.shape;
    const [, , length = 1] = causal.shape;
    return m.empty("masked_fill", [rows, 1, length, length], padding.dtype);
  });
}
