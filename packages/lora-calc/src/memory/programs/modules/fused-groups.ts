/**
 * One projection in groups of queries with one key and one value: queries are a slice, key and value are taken out by lists,
 * which copies them.
 *
 * Source: transformers models/falcon/modeling_falcon.py `FalconAttention._split_heads`.
 */

import type { AttentionForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { indexRow } from "../../machine/ops/indexing.js";
import { expand, reshape, slice, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** Queries (b, heads, s, d), keys and values (b, keyValueHeads, s, d): of every head, or the one that all share. */
export function inGroups(
  m: Machine,
  fused: Tensor,
  { groups }: { readonly groups: number },
  { heads, keyValueHeads, headDim }: AttentionForward,
): readonly [query: Tensor, key: Tensor, value: Tensor] {
  const outer = fused.shape.slice(0, -1);
  const perGroup = heads / groups;
  const isShared = keyValueHeads < heads;
  return m.frame((frame) => {
    const leading = isShared ? outer : [...outer, groups];
    const apart = frame.hold(view(m, fused, [...leading, perGroup + 2, headDim]));
    const query = frame.hold(slice(m, apart, -2, [0, perGroup]));
    const key = frame.hold(indexRow(m, apart));
    const value = frame.hold(indexRow(m, apart));
    const front = (x: Tensor): Tensor => transpose(m, x, 1, 2);
    if (isShared) return [front(query), front(key), front(value)];
    const flat = (x: Tensor): Tensor =>
      frame.hold(reshape(m, expand(m, x, query.shape), [...outer, heads, headDim]));
    const [queries, keys, values] = [flat(query), flat(key), flat(value)];
    return [front(queries), front(keys), front(values)];
  });
}
