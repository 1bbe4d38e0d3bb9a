/**
 * Attention by cuDNN, which comes first on Hopper and data-center Blackwell in wheels of CUDA 13: grouped keys and values,
 * and an additive mask if there is one.
 *
 * Source: torch 2.13 aten/src/ATen/native/transformers/cuda/attention.cu `_cudnn_attention_forward`,
 * attention_backward.cu, native/cudnn/MHA.cpp; cudnn-frontend 1.23 scaled_dot_product_flash_attention.h. What the
 * execution plan takes for itself is not published, so it is left out: the figure is a lower bound.
 */

import { around } from "../inside.js";
import { elementwiseStrides } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { gradientsLike, layoutsOf } from "./gradients-like.js";

const TAG = "_scaled_dot_product_cudnn_attention";

/** Keeps q, k, v, the mask, the output, one fp32 statistic per query, and two numbers of the random generator. */
export function cudnnAttention(
  m: Machine,
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  mask: Tensor | undefined,
): Tensor {
  const node = m.track("ScaledDotProductCudnnAttentionBackward0", [query, key, value]);
  if (node !== undefined) {
    for (const input of [query, key, value, mask]) if (input !== undefined) m.save(node, input);
  }
  const [batch = 1, heads = 1, length = 1, dim = 1] = query.shape;
  const shape = [batch, heads, length, value.size(-1)];
  const [output, ...statistics] = m.attentionOutputs((): readonly [Tensor, ...Tensor[]] => [
    m.empty(
      TAG,
      shape,
      query.dtype,
      elementwiseStrides([{ shape, strides: query.strides }], shape),
    ),
    ...(node === undefined ? [] : [m.empty(TAG, [batch, heads, length, 1], "float32")]),
    m.empty(TAG, [], "int64"),
    m.empty(TAG, [], "int64"),
  ]);
  if (node !== undefined) {
    for (const kept of [output, ...statistics]) m.saveOutput(node, kept);
    const inputs = layoutsOf([query, key, value]);
    node.backward = (gradient) =>
      around(
        m,
        [],
        () => gradientsLike(m, `${TAG}_backward`, inputs, gradient.dtype),
        // The gradient of the queries in fp32, and a sum per row.
        [["cudnn_workspace", [4 * batch * heads * length * (dim + 1)], "uint8"]],
      );
  }
  for (const kept of statistics) m.consume(kept);
  m.finish(node, [output], [query, key, value]);
  return output;
}
