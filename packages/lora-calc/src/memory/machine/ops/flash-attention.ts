/**
 * Flash attention: (b, heads, s, d) queries, grouped keys and values; the score matrix never exists.
 *
 * Source: torch 2.13 aten/src/ATen/native/transformers/cuda/attention.cu, attention_backward.cu `_flash_attention_backward`,
 * flash_attn/flash_api.cpp `mha_bwd`.
 */

import { around } from "../inside.js";
import type { Inside } from "../inside.js";
import { ceilTo, elementwiseStrides, isLengthMajor } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { gradientsLike, layoutsOf } from "./gradients-like.js";

const TAG = "_scaled_dot_product_flash_attention";

/** Keeps q, k, v, the output and one fp32 log-sum-exp per query. */
export function flashAttention(m: Machine, query: Tensor, key: Tensor, value: Tensor): Tensor {
  const node = m.track("ScaledDotProductFlashAttentionBackward0", [query, key, value]);
  if (node !== undefined) for (const input of [query, key, value]) m.save(node, input);
  const [output, ...statistics] = m.attentionOutputs(
    () =>
      [
        m.empty(TAG, query.shape, query.dtype, elementwiseStrides([query], query.shape)),
        m.empty(TAG, query.shape.slice(0, 3), "float32"),
        m.empty(TAG, [2], "uint64"),
        m.empty(TAG, [], "uint64"),
      ] as const,
  );
  if (node !== undefined) {
    for (const kept of [output, ...statistics]) m.saveOutput(node, kept);
    const inputs = layoutsOf([query, key, value]);
    const { strides } = output;
    node.backward = (gradient) =>
      around(
        m,
        copies(gradient, strides),
        () => gradientsLike(m, `${TAG}_backward`, inputs, gradient.dtype),
        accumulators(gradient, inputs[1]?.shape ?? []),
      );
  }
  for (const kept of statistics) m.consume(kept);
  m.finish(node, [output], [query, key, value]);
  return output;
}

/** Gradient and output are brought to the order (b, s, heads, d) where they lie otherwise. */
function copies({ shape, strides, dtype }: Tensor, ofOutput: Shape): readonly Inside[] {
  const gradient: Inside = ["flash_grad_out_contiguous", shape, dtype];
  const output: Inside = ["flash_out_contiguous", shape, dtype];
  return [
    ...(isLengthMajor(shape, strides) ? [] : [gradient]),
    ...(isLengthMajor(shape, ofOutput) ? [] : [output]),
  ];
}

/** The gradient of the queries is summed in fp32, in blocks; grouped keys and values get one gradient per query head first. */
function accumulators({ shape, dtype }: Tensor, keyShape: Shape): readonly Inside[] {
  const [batch = 1, heads = 1, length = 1, dim = 1] = shape;
  const rows = ceilTo(length, 128);
  const width = ceilTo(dim, dim <= 128 ? 32 : 64);
  const expanded: Shape = [batch, keyShape[2] ?? 1, heads, dim];
  const isGrouped = heads !== keyShape[1];
  return [
    ["flash_softmax_d", [batch, heads, rows], "float32"],
    ["flash_dq_accum", [batch, rows, heads, width], "float32"],
    ...(isGrouped ? grouped(expanded, dtype) : []),
  ];
}

function grouped(shape: Shape, dtype: Inside[2]): readonly Inside[] {
  return [
    ["flash_dk_expanded", shape, dtype],
    ["flash_dv_expanded", shape, dtype],
  ];
}
