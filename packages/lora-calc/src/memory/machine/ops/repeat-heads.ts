/** Grouped keys and values made as many as the queries. */

import type { AttendingHeads } from "../../../graph/tree/forward.js";
import type { Machine } from "../machine.js";
import { expand, reshape, unsqueeze } from "./views.js";
import type { Tensor } from "../tensor.js";

/** Every key/value head repeated for its group of query heads: a copy of (b, heads, s, d). */
export function repeatHeads(m: Machine, forward: AttendingHeads, x: Tensor): Tensor {
  const { heads, keyValueHeads } = forward;
  const groups = heads / keyValueHeads;
  if (groups === 1) return x;
  const [batch = 1, , length = 1, dim = 1] = x.shape;
  const grouped = expand(m, unsqueeze(m, x, 2), [batch, keyValueHeads, groups, length, dim]);
  return reshape(m, grouped, [batch, heads, length, dim]);
}
