/**
 * Attention to contents and to distances apart, written out: every part of the scores is a tensor of its own.
 *
 * Source: transformers models/deberta_v2/modeling_deberta_v2.py `DisentangledSelfAttention`.
 */

import type { DisentangledAttentionForward } from "../../../graph/tree/encoder-forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { autocastToFloat } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, addInPlace, addScalar, divScalar, pointwise } from "../../machine/ops/elementwise.js";
import { gatherLast } from "../../machine/ops/indexing.js";
import { maskedFill } from "../../machine/ops/masked.js";
import { batchedMatmul } from "../../machine/ops/matmul.js";
import { softmax } from "../../machine/ops/softmax.js";
import { repeatRows } from "../../machine/ops/repeat.js";
import { contiguous, permute, transpose, unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DisentangledAttentionForward;
}

/** `module(hidden)`: (b, s, hidden_size) → (b, s, heads · d). */
export function callDisentangledAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  { mask = missing(), distances = missing() }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "disentangled_attention") throw new Error(`${module.path} is another`);
  const { heads } = forward;
  return m.call(module.path, [hidden], (frame) => {
    const call = { m, frame, module, forward };
    const query = frame.hold(projected(call, forward.query, hidden));
    const key = frame.hold(projected(call, forward.key, hidden));
    const value = frame.hold(projected(call, forward.value, hidden));
    // What is given to the product stays until it returns, cast or not.
    const product = m.frame((inner) =>
      batchedMatmul(m, query, inner.hold(divScalar(m, transpose(m, key, -1, -2)))),
    );
    let scores = frame.hold(product);
    const table = frame.hold(dropout(m, distances.table, forward.distanceDropout));
    const inputs = { query, key, table, places: distances.places };
    const bias = frame.hold(m.frame((inner) => distanceScores({ ...call, frame: inner }, inputs)));
    scores = frame.rebind(scores, add(m, scores, bias));
    const [rows = 1, length = 1] = scores.shape;
    scores = frame.rebind(scores, view(m, scores, [rows / heads, heads, length, length]));
    const seen = frame.hold(pointwise(m, "_to_copy", [m.alias(mask)], "bool"));
    const unseen = pointwise(m, "bitwise_not", [m.alias(seen)], "bool");
    scores = frame.rebind(scores, maskedFill(m, scores, unseen));
    const shares = frame.hold(softmax(m, autocastToFloat(m, scores)));
    const dropped = frame.rebind(shares, dropout(m, shares, forward.attentionDropout));
    const flat = view(m, dropped, [rows, length, length]);
    const context = frame.hold(batchedMatmul(m, flat, value));
    const apart = view(m, context, [rows / heads, heads, length, context.size(-1)]);
    const joined = frame.rebind(context, contiguous(m, permute(m, apart, [0, 2, 1, 3])));
    return view(m, joined, [rows / heads, length, heads * joined.size(-1)]);
  });
}

function projected({ m, module, forward }: Call, name: string, input: Tensor): Tensor {
  return inHeads(m, callLinear(m, childOf(module, name), input), forward.heads);
}

/** (b, s, heads · d) → (b · heads, s, d) */
function inHeads(m: Machine, x: Tensor, heads: number): Tensor {
  const [rows = 1, length = 1, width = 1] = x.shape;
  const apart = view(m, x, [rows, length, heads, width / heads]);
  return m.frame((frame) => {
    const held = frame.hold(apart);
    return view(m, contiguous(m, permute(m, held, [0, 2, 1, 3])), [
      rows * heads,
      length,
      width / heads,
    ]);
  });
}

interface Inputs {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly table: Tensor;
  readonly places: Tensor;
}

/** Of contents to distances, to which that of distances to contents is added in place. */
function distanceScores(call: Call, { query, key, table, places }: Inputs): Tensor {
  const { m, frame, forward } = call;
  const { distanceKey, distanceQuery, sharesProjections } = forward;
  const times = query.size(0) / forward.heads;
  const embedded = frame.hold(unsqueeze(m, table, 0));
  const spread = (name: string | undefined): Tensor | undefined =>
    name === undefined
      ? undefined
      : frame.hold(repeatRows(m, projected(call, name, embedded), times));
  const earlyQuery = sharesProjections ? spread(distanceQuery) : undefined;
  const keys = spread(distanceKey);
  const queries = earlyQuery ?? spread(distanceQuery);
  let score: Tensor | undefined;
  if (keys !== undefined) {
    const found = gathered(call, [query, keys], () => shifted(m, m.alias(places)));
    score = frame.hold(addScalar(m, divScalar(m, frame.hold(found))));
  }
  if (queries !== undefined) {
    const turned = (): Tensor => shifted(m, pointwise(m, "neg", [m.alias(places)], "int64"));
    const early = frame.hold(turned());
    const found = gathered(call, [key, queries], () => early);
    const part = divScalar(m, frame.hold(transpose(m, found, -1, -2)));
    score =
      score === undefined
        ? frame.hold(addScalar(m, part))
        : frame.rebind(score, addInPlace(m, score, part));
  }
  return score ?? missing();
}

/** `clamp(places + span, 0, 2 · span − 1)`. */
function shifted(m: Machine, places: Tensor): Tensor {
  return pointwise(m, "clamp", [pointwise(m, "add", [places], "int64")], "int64");
}

/** `gather(left · rightᵀ, -1, places)`, the places of every head the same. */
function gathered(
  { m, frame }: Call,
  [left, right]: readonly [Tensor, Tensor],
  placesOf: () => Tensor,
): Tensor {
  const scores = frame.hold(batchedMatmul(m, left, transpose(m, right, -1, -2)));
  const places = frame.hold(placesOf());
  const [rows = 1, length = 1] = left.shape;
  const spread = m.alias(places, [rows, length, length], [0, length, 1]);
  const found = gatherLast(m, scores, frame.hold(spread));
  frame.drop(spread);
  frame.drop(scores);
  return found;
}
