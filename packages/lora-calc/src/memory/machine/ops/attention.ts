/** The kernels behind `scaled_dot_product_attention` on CUDA. */

import type { Machine } from "../machine.js";
import type { Shape } from "../layout.js";
import type { Tensor } from "../tensor.js";

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
  const output = m.empty(tag, query.shape, query.dtype, lengthMajor(query.shape));
  const logSumExp = m.empty(tag, query.shape.slice(0, 3), "float32");
  const seed = m.empty(tag, [2], "uint64");
  const offset = m.empty(tag, [], "uint64");
  if (node !== undefined) {
    for (const kept of [output, logSumExp, seed, offset]) m.saveOutput(node, kept);
    const shapes = [query.shape, key.shape, value.shape];
    node.backward = (gradient) =>
      shapes.map((shape) => m.empty(`${tag}_backward`, shape, gradient.dtype, lengthMajor(shape)));
  }
  for (const kept of [logSumExp, seed, offset]) m.consume(kept);
  m.finish(node, [output], [query, key, value]);
  return output;
}
