/**
 * The gated delta rule chunk by chunk, in float32: what transformers runs where flash-linear-attention is not installed.
 *
 * Source: transformers models/qwen3_5/modeling_qwen3_5.py `torch_chunk_gated_delta_rule`, `l2norm`.
 */

import type { DeltaStates } from "../../../load/bound-module.js";
import { ceilTo } from "../../../machine/layout.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { exp } from "../../../machine/ops/activations.js";
import { assignPart } from "../../../machine/ops/assign.js";
import { cast } from "../../../machine/ops/cast.js";
import {
  add,
  addScalar,
  mul,
  mulScalar,
  rsqrt,
  subtract,
} from "../../../machine/ops/elementwise.js";
import { maskedFill } from "../../../machine/ops/masked.js";
import { batchedMatmul } from "../../../machine/ops/matmul.js";
import { sumDim } from "../../../machine/ops/reduce.js";
import { cumsum, padded, solveTriangular } from "../../../machine/ops/scan.js";
import { repeatEach } from "../../../machine/ops/repeat.js";
import { reshape, select, slice, transpose, unsqueeze } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** Positions of a chunk. */
const CHUNK = 64;

/** (b, s, heads, value dim). */
export function chunkGatedDeltaRule(m: Machine, states: DeltaStates): Tensor {
  return m.frame((frame) => {
    const length = states.query.size(1);
    const chunks = inChunks(m, frame, states);
    const all = overChunks(m, frame, chunks);
    const [rows = 1, heads = 1, , , dim = 1] = all.shape;
    const joined = frame.rebind(all, reshape(m, all, [rows, heads, -1, dim]));
    const cut = frame.rebind(joined, slice(m, joined, 2, [0, length]));
    return inRows(m, transpose(m, cut, 1, 2), states.query.dtype);
  });
}

/** `x.to(dtype, memory_format=torch.contiguous_format)`: itself where the dtype is the same, however it lies. */
function inRows(m: Machine, x: Tensor, dtype: Tensor["dtype"]): Tensor {
  if (x.dtype === dtype) return x;
  const node = m.track("ToCopyBackward0", [x]);
  const original = x.dtype;
  const output = m.empty("_to_copy", x.shape, dtype);
  if (node !== undefined) node.backward = (gradient) => [cast(m, gradient, original)];
  m.finish(node, [output], [x]);
  return output;
}

/** `x * rsqrt((x * x).sum(-1) + eps)`. */
function normalized(m: Machine, x: Tensor): Tensor {
  return m.frame((frame) => {
    const total = sumDim(m, mul(m, x, x), -1, { keepsDim: true });
    const inverse = frame.hold(rsqrt(m, addScalar(m, total)));
    return mul(m, x, inverse);
  });
}

/** What the scan reads, all (b, heads, chunks, 64, …). */
interface Chunks {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly newValues: Tensor;
  readonly decayedKeys: Tensor;
  readonly within: Tensor;
  /** (b, heads, chunks, 64): the sum of decays up to a position of its chunk. */
  readonly decay: Tensor;
}

/** What the positions of a chunk say to each other. The locals of the function live as long as it does. */
function inChunks(m: Machine, frame: Frame, states: DeltaStates): Chunks {
  const wide = (x: Tensor): Tensor => frame.hold(inRows(m, transpose(m, x, 1, 2), "float32"));
  const repeats = states.value.size(2) / states.key.size(2);
  const given = [states.query, states.key] as const;
  const [queries, keys] = repeats === 1 ? given : repeated(m, frame, given, repeats);
  let query = wide(queries);
  let key = wide(keys);
  let value = wide(states.value);
  let beta = wide(states.beta);
  let decay = wide(states.decay);
  if (repeats > 1) for (const each of [queries, keys]) frame.drop(each);
  query = frame.rebind(query, normalized(m, query));
  key = frame.rebind(key, normalized(m, key));
  query = frame.rebind(query, mulScalar(m, query));
  const length = query.size(2);
  const by = ceilTo(length, CHUNK) - length;
  const pad = (x: Tensor): Tensor => frame.hold(padded(m, x, 2, by));
  const taken = [query, key, value];
  [query, key, value] = [pad(query), pad(key), pad(value)];
  for (const each of taken) frame.drop(each);
  const gone = [beta, decay];
  [beta, decay] = [pad(beta), pad(decay)];
  for (const each of gone) frame.drop(each);
  const ofValue = frame.hold(mul(m, value, unsqueeze(m, beta, -1)));
  const ofKey = frame.hold(mul(m, key, unsqueeze(m, beta, -1)));
  const cut = (x: Tensor): Tensor =>
    frame.rebind(x, reshape(m, x, [x.size(0), x.size(1), -1, CHUNK, x.size(3)]));
  query = cut(query);
  key = cut(key);
  const betaKeys = cut(ofKey);
  const betaValues = cut(ofValue);
  decay = frame.rebind(decay, reshape(m, decay, [decay.size(0), decay.size(1), -1, CHUNK]));
  const above = frame.hold(aboveDiagonal(m));
  const total = frame.hold(cumsum(m, decay));
  let pairs = frame.hold(subtract(m, unsqueeze(m, total, 4), unsqueeze(m, total, 3)));
  pairs = frame.rebind(pairs, maskedFill(m, pairs, above));
  pairs = frame.rebind(pairs, exp(m, pairs));
  const weighted = (left: Tensor): Tensor =>
    frame.hold(mul(m, batchedMatmul(m, left, transpose(m, key, -1, -2)), pairs));
  const system = weighted(betaKeys);
  const within = weighted(query);
  const decayed = frame.hold(mul(m, betaKeys, unsqueeze(m, exp(m, total), -1)));
  const newValues = frame.hold(solveTriangular(m, system, betaValues));
  const decayedKeys = frame.hold(solveTriangular(m, system, decayed));
  return { query, key, newValues, decayedKeys, within, decay: total };
}

function repeated(
  m: Machine,
  frame: Frame,
  [query, key]: readonly [Tensor, Tensor],
  repeats: number,
): readonly [Tensor, Tensor] {
  return [frame.hold(repeatEach(m, query, repeats)), frame.hold(repeatEach(m, key, repeats))];
}

function aboveDiagonal(m: Machine): Tensor {
  const ones = m.empty("ones", [CHUNK, CHUNK], "bool");
  const above = m.empty("triu", [CHUNK, CHUNK], "bool");
  m.consume(ones);
  return above;
}

/** The scan: every chunk reads the state, and leaves it changed. */
function overChunks(m: Machine, frame: Frame, { newValues, within, ...chunks }: Chunks): Tensor {
  const [rows = 1, heads = 1, count = 1, , keyDim = 1] = chunks.decayedKeys.shape;
  const { decay } = chunks;
  let state = frame.hold(m.empty("zeros", [rows, heads, keyDim, newValues.size(-1)], "float32"));
  let all = frame.hold(m.empty("zeros_like", newValues.shape, "float32", newValues.strides));
  const query = frame.rebind(chunks.query, mul(m, chunks.query, unsqueeze(m, exp(m, decay), -1)));
  const last = slice(m, decay, -1, [CHUNK - 1, CHUNK]);
  const left = exp(m, subtract(m, last, decay));
  const key = frame.rebind(chunks.key, mul(m, chunks.key, unsqueeze(m, left, -1)));
  const perChunk = exp(m, select(m, decay, -1));
  const fading = frame.hold(unsqueeze(m, unsqueeze(m, perChunk, -1), -1));
  const rebindOrHold = (old: Tensor | undefined, value: Tensor): Tensor =>
    old === undefined ? frame.hold(value) : frame.rebind(old, value);
  let fresh: Tensor | undefined;
  let read: Tensor | undefined;
  for (let chunk = 0; chunk < count; chunk += 1) {
    const predicted = select(m, newValues, 2);
    const known = batchedMatmul(m, select(m, chunks.decayedKeys, 2), state);
    fresh = rebindOrHold(fresh, subtract(m, predicted, known));
    read = rebindOrHold(read, batchedMatmul(m, select(m, query, 2), state));
    const inside = batchedMatmul(m, select(m, within, 2), fresh);
    all = frame.rebind(all, assignPart(m, all, add(m, read, inside)));
    const faded = mul(m, state, select(m, fading, 2));
    const written = transpose(m, select(m, key, 2), -1, -2);
    state = frame.rebind(state, add(m, faded, batchedMatmul(m, written, fresh)));
  }
  frame.drop(state);
  return all;
}
