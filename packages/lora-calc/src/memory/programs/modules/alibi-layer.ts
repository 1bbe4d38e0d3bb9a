/**
 * A layer whose sublayers add the residual themselves, with attention that is written out without a fused kernel.
 *
 * Source: transformers models/bloom/modeling_bloom.py `BloomBlock`, `BloomAttention`, `BloomMLP`.
 */

import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add } from "../../machine/ops/elementwise.js";
import { addedProduct, batchedMatmul } from "../../machine/ops/matmul.js";
import { softmax } from "../../machine/ops/softmax.js";
import { reshape, select, transpose, view } from "../../machine/ops/views.js";
import { writtenGelu } from "../../machine/ops/written-gelu.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** The hidden state, and the probabilities of attention, which are returned beside it. */
export function callAlibiLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "alibi_layer") throw new Error(`${module.path} is no layer`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const normed = frame.hold(callNorm(m, childOf(module, forward.attentionNorm), hidden));
    const residual = frame.hold(forward.addsNormed ? normed : hidden);
    const attention = childOf(module, forward.attention);
    const [middle, shares] = callAlibiAttention(m, attention, [normed, residual], context);
    frame.hold(middle);
    frame.hold(shares);
    const next = frame.rebind(normed, callNorm(m, childOf(module, forward.mlpNorm), middle));
    const second = frame.rebind(residual, forward.addsNormed ? next : middle);
    return [callAddingMlp(m, childOf(module, forward.mlp), next, second), shares];
  });
}

function callAlibiAttention(
  m: Machine,
  module: BoundModule,
  [hidden, residual]: readonly [Tensor, Tensor],
  { alibi = missing(), mask = missing() }: AttentionContext,
): readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "alibi_attention") throw new Error(`${module.path} has no alibi`);
  const { heads, headDim } = forward;
  const [rows = 1, length = 1] = hidden.shape;
  return m.call<readonly [Tensor, Tensor]>(module.path, [hidden, residual], (frame) => {
    const fused = frame.hold(callLinear(m, childOf(module, forward.fused), hidden));
    const cut = m.frame((inner) => {
      const apart = inner.hold(view(m, fused, [rows, length, heads, 3, headDim]));
      return [0, 1, 2].map(() => inner.hold(transpose(m, select(m, apart, 3), 1, 2)));
    });
    for (const part of cut) frame.hold(part);
    const [query = missing(), key = missing(), value = missing()] = cut.map((part) =>
      frame.rebind(part, reshape(m, part, [rows * heads, length, headDim])),
    );
    const turned = frame.rebind(key, transpose(m, key, -1, -2));
    const scores = frame.hold(addedProduct(m, alibi, [query, turned]));
    const apart = frame.hold(view(m, scores, [rows, heads, length, length]));
    const weights = frame.rebind(apart, add(m, apart, mask));
    const shares = softmax(m, weights, { dtype: "float32" });
    const taken = frame.hold(cast(m, shares, query.dtype));
    const probabilities = frame.rebind(taken, dropout(m, taken, forward.attentionDropout));
    const flat = frame.hold(view(m, probabilities, [rows * heads, length, length]));
    const context = frame.hold(batchedMatmul(m, flat, value));
    const merged = frame.rebind(context, mergedHeads(m, context, [rows, heads]));
    const output = frame.hold(callLinear(m, childOf(module, forward.output), merged));
    const sum = add(m, residual, dropout(m, output, forward.outputDropout));
    return [frame.rebind(output, sum), probabilities];
  });
}

/** (b · heads, s, d) → (b, s, heads · d) */
function mergedHeads(
  m: Machine,
  context: Tensor,
  [rows, heads]: readonly [number, number],
): Tensor {
  const [, length = 1, headDim = 1] = context.shape;
  const apart = transpose(m, view(m, context, [rows, heads, length, headDim]), 1, 2);
  return reshape(m, apart, [rows, length, heads * headDim]);
}

function callAddingMlp(m: Machine, module: BoundModule, hidden: Tensor, residual: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "adding_mlp") throw new Error(`${module.path} is no MLP`);
  return m.call(module.path, [hidden, residual], (frame) => {
    const up = callLinear(m, childOf(module, forward.up), hidden);
    const path = `${module.path}.${forward.activationName}`;
    const active = frame.hold(m.call(path, [up], () => writtenGelu(m, up)));
    const output = frame.hold(callLinear(m, childOf(module, forward.down), active));
    return add(m, residual, dropout(m, output, forward.dropout));
  });
}
