/** The kernels behind `scaled_dot_product_attention` on CUDA, and the softmax of explicit scores. */

import type { Machine } from "../machine.js";
import { elementwiseStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Tensor } from "../tensor.js";
import { elementwiseOutput } from "./elementwise.js";

/** Strides of a (batch, heads, length, dim) tensor that lies in memory as (batch, length, heads, dim). */
function lengthMajor([, heads = 1, length = 1, dim = 1]: Shape): number[] {
  return [length * heads * dim, dim, heads * dim, 1];
}

/**
 * Flash attention: (b, heads, s, d) queries, grouped keys and values. Keeps q, k, v, the output and one fp32
 * log-sum-exp per query; the score matrix never exists.
 */
export function flashAttention(m: Machine, query: Tensor, key: Tensor, value: Tensor): Tensor {
  const tag = "_scaled_dot_product_flash_attention";
  const node = m.track("ScaledDotProductFlashAttentionBackward0", [query, key, value]);
  if (node !== undefined) for (const input of [query, key, value]) m.save(node, input);
  const output = m.empty(tag, query.shape, query.dtype, elementwiseStrides([query], query.shape));
  const statistics = [
    m.empty(tag, query.shape.slice(0, 3), "float32"),
    m.empty(tag, [2], "uint64"),
    m.empty(tag, [], "uint64"),
  ];
  if (node !== undefined) {
    for (const kept of [output, ...statistics]) m.saveOutput(node, kept);
    const inputs = [query, key, value].map(({ shape, strides }) => ({ shape, strides }));
    node.backward = (gradient) =>
      inputs.map((input) =>
        m.empty(
          `${tag}_backward`,
          input.shape,
          gradient.dtype,
          elementwiseStrides([input], input.shape),
        ),
      );
  }
  for (const kept of statistics) m.consume(kept);
  m.finish(node, [output], [query, key, value]);
  return output;
}

/** Rows of the log-sum-exp of the memory-efficient kernel come in blocks of 32. */
const EFFICIENT_BLOCK = 32;

/** Memory-efficient attention: equal numbers of heads, and an additive mask (b, 1, s, s) if there is one. */
export function efficientAttention(
  m: Machine,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | undefined,
): Tensor {
  const tag = "_scaled_dot_product_efficient_attention";
  const node = m.track("ScaledDotProductEfficientAttentionBackward0", [query, key, value]);
  if (node !== undefined) {
    for (const input of [query, key, value, mask]) if (input !== undefined) m.save(node, input);
  }
  const [batch = 1, heads = 1, length = 1] = query.shape;
  const padded = Math.ceil(length / EFFICIENT_BLOCK) * EFFICIENT_BLOCK;
  const output = m.empty(tag, query.shape, query.dtype, lengthMajor(query.shape));
  const statistics = [
    m.empty(tag, node === undefined ? [0] : [batch, heads, padded], "float32"),
    m.empty(tag, [], "int64"),
    m.empty(tag, [], "int64"),
  ];
  if (node !== undefined) {
    for (const kept of [output, ...statistics]) m.saveOutput(node, kept);
    const shapes = [query, key, value].map(({ shape }) => shape);
    node.backward = (gradient) =>
      shapes.map((shape) => m.empty(`${tag}_backward`, shape, gradient.dtype, lengthMajor(shape)));
  }
  for (const kept of statistics) m.consume(kept);
  m.finish(node, [output], [query, key, value]);
  return output;
}

/** Softmax over the last dimension; keeps its result. */
export function softmax(m: Machine, input: Tensor, tag = "_softmax"): Tensor {
  const node = m.track("SoftmaxBackward0", [input]);
  const output = m.empty(tag, input.shape, input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient) => [
      elementwiseOutput(m, "_softmax_backward_data", [gradient], gradient.dtype),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}
