/**
 * A block of LitGPT: norms in float32, queries, keys and values in one product, heads turned by tables, a gated MLP.
 *
 * Source: litgpt 0.5.13 model.py `Block`, `CausalSelfAttention`, `apply_rope`, `LLaMAMLP`, `GemmaMLP`, `RMSNorm`.
 */

import { missing } from "../../../problem/missing.js";
import type { AttentionCard } from "../../../catalogue/cuda.js";
import type { Kernels } from "../../load/bound-module.js";
import { activate } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { add, addScalar, cat, mul, neg, rsqrt } from "../../machine/ops/elementwise.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import { splitLastDim } from "../../machine/ops/split.js";
import {
  aliasOf,
  expand,
  reshape,
  slice,
  transpose,
  unsqueeze,
  view,
} from "../../machine/ops/views.js";
import type { Frame } from "../../machine/frame.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear, callQkv } from "./linear.js";
import type { Call } from "./linear.js";
import { qkvWidths } from "./weights.js";
import type { Block } from "./weights.js";

export interface BlockCall extends Call {
  readonly attention: Kernels["attention"];
  readonly card: AttentionCard;
  readonly tables: readonly [Tensor, Tensor];
}

/** (b, s, hidden) → the same. */
export function callBlock(call: BlockCall, block: Block, given: Tensor, path: string): Tensor {
  const { m } = call;
  return m.call(path, [given], (frame) => {
    const first = frame.hold(rmsNorm(call, block.firstNorm, given));
    const attended = frame.hold(callAttention(call, block, first));
    const middle = frame.hold(add(m, attended, given));
    const second = frame.rebind(first, rmsNorm(call, block.secondNorm, middle));
    return add(m, callMlp(call, block, second), middle);
  });
}

/** `x / rms(x) * weight`, in float32 to the end. */
export function rmsNorm({ m, use }: Call, weight: Tensor, given: Tensor): Tensor {
  return m.frame((frame) => {
    const x = frame.hold(cast(m, given, "float32"));
    const mean = frame.hold(meanLastDim(m, mul(m, x, x)));
    const normed = frame.hold(mul(m, x, rsqrt(m, addScalar(m, mean))));
    const scale = use.isGemma ? frame.hold(addScalar(m, weight)) : weight;
    return cast(m, mul(m, normed, cast(m, scale, "float32")), given.dtype);
  });
}

function callMlp(call: BlockCall, { gate, up, down }: Block, x: Tensor): Tensor {
  const { m, use } = call;
  return m.frame((frame) => {
    const first = frame.hold(callLinear(call, gate, x));
    const second = frame.hold(callLinear(call, up, x));
    const opened = activate(m, use.isGemma ? "gelu_tanh" : "silu", first);
    return callLinear(call, down, frame.hold(mul(m, opened, second)));
  });
}

function callAttention(call: BlockCall, block: Block, x: Tensor): Tensor {
  const { m, use } = call;
  const { heads, groups, headSize } = use;
  const [rows = 1, length = 1] = x.shape;
  return m.frame((frame) => {
    const qkv = frame.hold(callQkv(call, block, x));
    const apart = splitLastDim(m, qkv, qkvWidths(use));
    const [query = missing(), key = missing(), value = missing()] = apart.map((each, index) => {
      const count = index === 0 ? heads : groups;
      return frame.hold(transpose(m, view(m, each, [rows, length, count, headSize]), 1, 2));
    });
    const [queries, turnedKey] = turnedHeads(call, frame, block, [query, key]);
    const [keys = missing(), values = missing()] = [turnedKey, value].map((each) =>
      heads === groups ? each : frame.rebind(each, repeated(call, each)),
    );
    const [output] = call.attention(
      m,
      { heads, keyValueHeads: heads, headDim: headSize, attentionDropout: 0 },
      { query: queries, key: keys, value: values },
      { implementation: "sdpa", card: call.card },
    );
    const joined = frame.hold(reshape(m, output, [rows, length, heads * headSize]));
    return callLinear(call, block.proj, joined);
  });
}

/** Normed where the model norms heads, then turned; each takes the variable of what it was. */
function turnedHeads(
  call: BlockCall,
  frame: Frame,
  { headNorms }: Block,
  given: readonly [Tensor, Tensor],
): readonly [Tensor, Tensor] {
  const { m } = call;
  const [query = missing(), key = missing()] = given.map((each, index) => {
    const norm = headNorms?.[index];
    return norm === undefined ? each : frame.rebind(each, rmsNorm(call, norm, each));
  });
  const roped = [query, key].map((each) => frame.hold(turned(call, each)));
  const [queries = missing(), keys = missing()] = [query, key].map((each, index) => {
    const dim = each.size(-1);
    const rest = slice(m, each, -1, [dim, dim]);
    return frame.rebind(each, cat(m, [roped[index] ?? missing(), rest], -1));
  });
  return [queries, keys];
}

/** `apply_rope(x[..., :n], cos, sin)`: (b, heads, s, n) → the same. */
function turned({ m, tables }: BlockCall, given: Tensor): Tensor {
  return m.frame((frame) => {
    const dim = given.size(-1);
    const x = frame.hold(aliasOf(m, given));
    const first = frame.hold(slice(m, x, -1, [0, dim / 2]));
    const second = frame.hold(slice(m, x, -1, [dim / 2, dim]));
    const rotated = frame.hold(cat(m, [neg(m, second), first], -1));
    const [cos, sin] = tables;
    const wide = frame.hold(add(m, mul(m, x, m.alias(cos)), mul(m, rotated, m.alias(sin))));
    return cast(m, wide, x.dtype);
  });
}

/** `repeat_interleave(heads / groups, dim=1)`. */
function repeated({ m, use }: BlockCall, x: Tensor): Tensor {
  const { heads, groups, headSize } = use;
  const [rows = 1, , length = 1] = x.shape;
  const apart = expand(m, unsqueeze(m, x, 2), [rows, groups, heads / groups, length, headSize]);
  return reshape(m, apart, [rows, heads, length, headSize]);
}
