/**
 * Liger's rotary embedding: queries and keys are turned where they lie, and only the tables are kept.
 *
 * Source: Liger-Kernel 0.8.2 ops/rope.py `LigerRopeFunction`.
 */

import type { Machine } from "../../../machine/machine.js";
import { contiguous, transpose } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** Queries and keys (b, heads, s, d). */
export function ligerRotary(
  m: Machine,
  [query, key]: readonly [Tensor, Tensor],
  tables: readonly [Tensor, Tensor],
): readonly [Tensor, Tensor] {
  const node = m.track("LigerRopeFunction", [query, key]);
  const turn = (x: Tensor): Tensor => m.withoutGrad(() => inRows(m, m.alias(x)));
  const turned = [turn(query), turn(key)] as const;
  if (node !== undefined) {
    for (const table of tables) m.save(node, table);
    node.backward = (_, __, gradients) =>
      gradients.map((gradient) => (gradient === undefined ? undefined : inRows(m, gradient)));
  }
  m.finish(node, turned, []);
  return turned;
}

/** `x.transpose(1, 2).contiguous().transpose(1, 2)`: a copy only where the heads of a token do not lie together. */
function inRows(m: Machine, x: Tensor): Tensor {
  return transpose(m, contiguous(m, transpose(m, x, 1, 2)), 1, 2);
}
