/** The kernels behind `scaled_dot_product_attention` on CUDA, and the softmax of explicit scores. */

import type { Machine } from "../machine.js";
import { elementwiseStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Dtype } from "../../../units/dtype.js";
import type { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
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

/**
 * Softmax over the last dimension; keeps its result. Its backward multiplies gradient and result before its kernel runs.
 * From float16 to float32 it is one kernel; bfloat16 is converted before.
 *
 * Source: aten/src/ATen/native/cuda/SoftMax.cu `softmax_backward_cuda`, aten/src/ATen/native/SoftMax.cpp.
 */
export function softmax(
  m: Machine,
  given: Tensor,
  { tag = "_softmax", dtype = given.dtype }: { readonly tag?: string; readonly dtype?: Dtype } = {},
): Tensor {
  const isOneKernel = given.dtype === "float16" && dtype === "float32";
  const input = isOneKernel ? given : cast(m, given, dtype);
  const node = m.track("SoftmaxBackward0", [input]);
  const output = m.empty(tag, input.shape, dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    const inputDtype = input.dtype;
    node.backward = (gradient) => {
      const result = elementwiseOutput(m, "_softmax_backward_data", [gradient], inputDtype);
      m.consume(m.empty("softmax_backward_product", gradient.shape, gradient.dtype));
      return [result];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}
