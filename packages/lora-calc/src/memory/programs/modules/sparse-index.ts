/**
 * DeepSeek's sparse attention: a small attention without gradients chooses the tokens for the large one, whose mask leaves out
 * the others. Every pair of tokens is scored, so that what the kernel saves is not saved here.
 *
 * Source: transformers models/deepseek_v32/modeling_deepseek_v32.py `DeepseekV32Indexer`, `DeepseekV32Attention.forward`.
 */

import type { IndexForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { add, cat, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import { batchedMatmul } from "../../machine/ops/matmul.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { transpose, unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

interface IndexCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: IndexForward;
}

interface Read {
  readonly hidden: Tensor;
  /** What queries are projected from. */
  readonly residual: Tensor;
}

/** Places (b, s, chosen) in int32 of the tokens that each token attends to. */
export function callIndexer(
  m: Machine,
  module: BoundModule,
  { hidden, residual }: Read,
  { tables = missing(), mask = missing() }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "sparse_index") throw new Error(`${module.path} is no indexer`);
  const [rows = 1, length = 1] = hidden.shape;
  const { heads, headDim, ropeDim } = forward;
  return m.withoutGrad(() =>
    m.call(module.path, [hidden, residual], (frame) => {
      const call = { m, frame, module, forward };
      const projected = frame.hold(callLinear(m, childOf(module, forward.query), residual));
      const query = frame.rebind(projected, view(m, projected, [rows, length, heads, headDim]));
      const sizes = [ropeDim, headDim - ropeDim];
      const [turning, passing] = held(frame, splitLastDim(m, query, sizes));
      const made = callLinear(m, childOf(module, forward.key), hidden);
      const key = frame.hold(unsqueeze(m, callNorm(m, childOf(module, forward.norm), made), 2));
      const [turningKey, passingKey] = held(frame, splitLastDim(m, key, sizes));
      const variant = forward.isInterleaved ? "pairs_apart" : "full";
      const both = [turning, turningKey] as const;
      const [turned, turnedKey] = module.kernels.rotaryUnmovedBoth(m, variant, both, tables);
      frame.rebind(turning, turned);
      frame.rebind(turningKey, turnedKey);
      const queries = frame.rebind(query, cat(m, [turned, passing], -1));
      const joined = frame.rebind(key, cat(m, [turnedKey, passingKey], -1));
      const keys = frame.rebind(joined, view(m, joined, [rows, length, headDim]));
      return chosen(call, { hidden, queries, keys, mask });
    }),
  );
}

function held(frame: Frame, [first, second]: readonly Tensor[]): readonly [Tensor, Tensor] {
  return [frame.hold(first ?? missing()), frame.hold(second ?? missing())];
}

interface Scored {
  readonly hidden: Tensor;
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly mask: Tensor;
}

/** The highest scores: `relu(q·kᵀ·scale)` of every head, weighed by what another projection gives, without what comes later. */
function chosen({ m, frame, module, forward }: IndexCall, states: Scored): Tensor {
  const { hidden, queries, keys, mask } = states;
  const [rows = 1, length = 1] = hidden.shape;
  const perHead = mulScalar(
    m,
    m.frame((inner) => {
      const wide = inner.hold(cast(m, queries, "float32"));
      const columns = inner.hold(cast(m, transpose(m, keys, -1, -2), "float32"));
      return batchedMatmul(m, wide, unsqueeze(m, columns, 1));
    }),
  );
  const scored = frame.hold(perHead);
  const scores = frame.rebind(scored, activate(m, "relu", scored));
  const weight = childOf(module, forward.weights);
  const given = cast(m, hidden, weight.parameters.get("weight")?.dtype ?? missing());
  const weights = frame.hold(mulScalar(m, cast(m, callLinear(m, weight, given), "float32")));
  const product = batchedMatmul(m, unsqueeze(m, weights, -2), scores);
  const sums = frame.hold(view(m, product, [rows, length, length]));
  const causal =
    mask.dtype === "bool"
      ? m.frame((inner) => {
          inner.hold(m.empty("bitwise_not", [rows, length, length], "bool"));
          return m.empty("masked_fill", sums.shape, sums.dtype);
        })
      : add(m, sums, m.alias(mask, [rows, length, length]));
  const seen = frame.rebind(sums, causal);
  const places = [rows, length, Math.min(forward.chosen, length)];
  const values = m.empty("topk", places, seen.dtype);
  const best = m.empty("topk", places, "int64");
  m.consume(values);
  return cast(m, best, "int32");
}

/** The mask (b, 1, s, s) of what attends to the chosen alone; what it is made of keeps its variable. */
export function sparseMask(
  m: Machine,
  frame: Frame,
  places: Tensor,
  { mask = missing() }: AttentionContext,
): Tensor {
  const [rows = 1, length = 1] = places.shape;
  const shape = [rows, length, length];
  const scattered = m.frame((inner) => {
    inner.hold(m.empty("new_ones", shape, "bool"));
    inner.hold(m.empty("_to_copy", places.shape, "int64"));
    return m.empty("scatter", shape, "bool");
  });
  const left = frame.hold(unsqueeze(m, scattered, 1));
  if (mask.dtype !== "bool") {
    return frame.hold(m.empty("masked_fill", [rows, 1, length, length], mask.dtype));
  }
  const kept = m.empty("bitwise_not", left.shape, "bool");
  return frame.hold(pointwise(m, "bitwise_and", [mask, kept], "bool"));
}
