/**
 * Attention whose queries and keys are turned, normalised and scaled before heads are moved to the front.
 *
 * Source: transformers models/llama4/modeling_llama4.py `Llama4TextAttention`.
 */

import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { mul, pointwise } from "../../machine/ops/elementwise.js";
import { contiguous, reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callUnmovedAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "unmoved_attention") throw new Error(`${module.path} moves heads first`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const cut = (name: string): Tensor => {
      const projected = callLinear(m, childOf(module, name), hidden);
      return view(m, projected, [...hidden.shape.slice(0, -1), -1, forward.headDim]);
    };
    let query = frame.hold(cut(forward.query));
    let key = frame.hold(cut(forward.key));
    const value = frame.hold(transpose(m, cut(forward.value), 1, 2));
    if (forward.rotates) {
      const [table] = context.tables ?? missing();
      const [turnedQuery, turnedKey] = module.kernels.rotaryUnmovedComplex(m, [query, key], table);
      [query, key] = [frame.rebind(query, turnedQuery), frame.rebind(key, turnedKey)];
    }
    if (forward.norm !== undefined) {
      const norm = childOf(module, forward.norm);
      query = frame.rebind(query, callNorm(m, norm, query));
      key = frame.rebind(key, callNorm(m, norm, key));
    }
    if (forward.tempers) query = frame.rebind(query, tempered(m, frame, query));
    query = frame.rebind(query, transpose(m, query, 1, 2));
    key = frame.rebind(key, transpose(m, key, 1, 2));
    const [attended, scores] = module.kernels.attention(
      m,
      forward,
      { query, key, value, inputDtype: hidden.dtype },
      context,
    );
    frame.hold(attended);
    if (scores !== undefined) frame.hold(scores);
    const joined = contiguous(m, reshape(m, attended, [...hidden.shape.slice(0, -1), -1]));
    const flat = frame.rebind(attended, joined);
    const output = callLinear(m, childOf(module, forward.output), flat);
    return scores === undefined ? [output] : [output, scores];
  });
}

/** `query * (log1p(floor((positions + 1) / floor_scale)) * attn_scale + 1)`, cast back; the factors stay to the end. */
function tempered(m: Machine, frame: Frame, query: Tensor): Tensor {
  const length = query.size(1);
  const positions = frame.hold(
    pointwise(m, "add", [m.empty("arange", [length], "int64")], "int64"),
  );
  const steps = ["_to_copy", "add", "div", "floor", "log1p", "mul", "add"];
  const factors = steps.reduce(
    (input, tag) => pointwise(m, tag, [input], "float32"),
    m.alias(positions),
  );
  const perToken = frame.hold(view(m, factors, [1, length, 1, 1]));
  return cast(m, mul(m, query, perToken), query.dtype);
}
