/**
 * A bias per distance of two tokens: distances are put into buckets, of which a table has a number for every head.
 *
 * Source: transformers models/t5/modeling_t5.py `T5Attention.compute_bias`, `_relative_position_bucket`.
 */

import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { permute, unsqueeze } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callEmbedding } from "./embedding.js";

interface Lengths {
  readonly queries: number;
  readonly keys: number;
  readonly isBidirectional: boolean;
}

/** (1, heads, queries, keys) */
export function relativeBias(
  m: Machine,
  table: BoundModule,
  { queries, keys, isBidirectional }: Lengths,
): Tensor {
  return m.frame((frame) => {
    const asked = m.empty("arange", [queries], "int64");
    frame.hold(pointwise(m, "add", [asked], "int64"));
    frame.hold(m.empty("arange", [keys], "int64"));
    const distances = frame.hold(m.empty("sub", [queries, keys], "int64"));
    const buckets = frame.hold(
      isBidirectional ? bucketsBothWays(m, distances) : bucketsBefore(m, distances),
    );
    const values = frame.hold(callEmbedding(m, table, buckets));
    return frame.rebind(values, unsqueeze(m, permute(m, values, [2, 0, 1]), 0));
  });
}

/** Half of the buckets are for tokens behind; the numbers are added in place. */
function bucketsBothWays(m: Machine, distances: Tensor): Tensor {
  return m.frame((frame) => {
    const isBehind = pointwise(m, "gt", [m.alias(distances)], "bool");
    const wide = pointwise(m, "_to_copy", [isBehind], "int64");
    const shifted = pointwise(m, "mul", [wide], "int64");
    const buckets = frame.hold(pointwise(m, "add", [shifted], "int64"));
    const steps = frame.hold(pointwise(m, "abs", [m.alias(distances)], "int64"));
    m.consume(bucketsOf(m, frame, steps));
    return buckets;
  });
}

function bucketsBefore(m: Machine, distances: Tensor): Tensor {
  return m.frame((frame) => {
    const zeros = m.empty("zeros_like", distances.shape, "int64");
    const least = pointwise(m, "minimum", [zeros], "int64");
    const steps = frame.hold(pointwise(m, "neg", [least], "int64"));
    return pointwise(m, "add", [bucketsOf(m, frame, steps)], "int64");
  });
}

/** Exact for near tokens, logarithmic for far ones; what it is made of stays until its function returns. */
function bucketsOf(m: Machine, frame: Frame, steps: Tensor): Tensor {
  frame.hold(m.empty("lt", steps.shape, "bool"));
  const scaled = ["div", "log", "div", "mul"].reduce(
    (input, tag) => pointwise(m, tag, [input], "float32"),
    m.empty("_to_copy", steps.shape, "float32"),
  );
  const far = pointwise(m, "add", [pointwise(m, "_to_copy", [scaled], "int64")], "int64");
  const most = m.empty("full_like", steps.shape, "int64");
  frame.hold(pointwise(m, "minimum", [far, most], "int64"));
  return m.empty("where", steps.shape, "int64");
}
