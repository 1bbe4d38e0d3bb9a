/**
 * From queries, keys and values to the attended values.
 *
 * Source: transformers@5.18.0 integrations/sdpa_attention.py, models/llama/modeling_llama.py `eager_attention_forward`;
 * dispatch of `scaled_dot_product_attention` on CUDA.
 */

import type { AttentionForward } from "../../graph/forward.js";
import { tanh } from "../machine/ops/activations.js";
import { efficientAttention, flashAttention, softmax } from "../machine/ops/attention.js";
import { autocastToFloat, autocastToHalf, cast } from "../machine/ops/cast.js";
import { dropout } from "../machine/ops/dropout.js";
import { add, cat, divScalar, mulScalar, subtract } from "../machine/ops/elementwise.js";
import { batchedMatmul } from "../machine/ops/matmul.js";
import { largest } from "../machine/ops/reduce.js";
import {
  contiguous,
  expand,
  reshape,
  slice,
  transpose,
  unsqueeze,
  view,
} from "../machine/ops/views.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";

/** What all layers of one kind share. */
export interface AttentionContext {
  readonly implementation: "sdpa" | "eager";
  /** (1, s) */
  readonly positions: Tensor;
  /** cos and sin of this layer's kind. */
  readonly tables?: readonly [Tensor, Tensor];
  /** Attention mask of this layer's kind, when one had to be built. */
  readonly mask?: Tensor;
}

export interface QueryKeyValue {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  /** (heads,) */
  readonly sinks?: Tensor;
}

/** The widest head of the flash kernel and of grouped keys without a mask. */
const FLASH_MAX_HEAD_DIM = 256;

/** Output (b, s, heads, d), and the scores (b, heads, s, s) when the kernel returns them. */
export function attend(
  m: Machine,
  forward: AttentionForward,
  states: QueryKeyValue,
  context: AttentionContext,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  const { sinks } = states;
  if (sinks !== undefined) return eagerWithSinks(m, forward, { ...states, sinks }, context);
  return context.implementation === "eager"
    ? eager(m, forward, states, context)
    : [sdpa(m, forward, states, context)];
}

function sdpa(
  m: Machine,
  forward: AttentionForward,
  states: QueryKeyValue,
  { mask }: AttentionContext,
): Tensor {
  return m.frame((frame) => {
    const isGrouped = forward.heads > forward.keyValueHeads;
    const keepsGroups = isGrouped && mask === undefined && forward.headDim <= FLASH_MAX_HEAD_DIM;
    const repeats = isGrouped && !keepsGroups;
    const key = repeats ? frame.hold(repeatHeads(m, forward, states.key)) : states.key;
    const value = repeats ? frame.hold(repeatHeads(m, forward, states.value)) : states.value;
    const output = frame.hold(
      kernel(m, forward, { query: states.query, key, value }, mask, keepsGroups),
    );
    return frame.rebind(output, contiguous(m, transpose(m, output, 1, 2)));
  });
}

/** Flash for 16-bit without a mask, memory-efficient for equal heads, explicit products for the rest. */
function kernel(
  m: Machine,
  forward: AttentionForward,
  states: QueryKeyValue,
  mask: Tensor | undefined,
  grouped: boolean,
): Tensor {
  return m.frame((frame) => {
    const query = frame.hold(autocastToHalf(m, states.query));
    const key = frame.hold(autocastToHalf(m, states.key));
    const value = frame.hold(autocastToHalf(m, states.value));
    const isHalf = query.dtype !== "float32";
    if (isHalf && mask === undefined && forward.headDim <= FLASH_MAX_HEAD_DIM) {
      return flashAttention(m, query, key, value);
    }
    if (grouped) return mathAttention(m, forward, { query, key, value });
    const bias = mask === undefined ? undefined : frame.hold(cast(m, mask, query.dtype));
    return efficientAttention(m, query, key, value, bias);
  });
}

/**
 * `_scaled_dot_product_attention_math` with a causal mask: fp32 grouped attention has no fused kernel, so the full
 * (b, heads, s, s) scores exist. Source: aten/src/ATen/native/transformers/attention.cpp.
 */
function mathAttention(m: Machine, forward: AttentionForward, states: QueryKeyValue): Tensor {
  return m.frame((frame) => {
    const { query, key, value } = states;
    const scaledQuery = frame.hold(mulScalar(m, query));
    const mask = frame.hold(causalBias(m, query));
    const keys = frame.hold(repeatHeads(m, forward, key));
    const values = frame.hold(repeatHeads(m, forward, value));
    const scores = batchedMatmul(m, scaledQuery, mulScalar(m, transpose(m, keys, -2, -1)));
    const weights = frame.hold(softmax(m, add(m, scores, mask), { tag: "_safe_softmax" }));
    return batchedMatmul(m, weights, values);
  });
}

/** (s, s) table of 0 and −inf in the dtype of the queries. */
function causalBias(m: Machine, query: Tensor): Tensor {
  const shape = [query.size(2), query.size(2)];
  return m.frame((frame) => {
    const ones = m.empty("ones", shape, "bool");
    frame.hold(m.empty("tril", shape, "bool"));
    m.consume(ones);
    frame.hold(m.empty("scalar_tensor", [], query.dtype));
    frame.hold(m.empty("scalar_tensor", [], query.dtype));
    return m.empty("where", shape, query.dtype);
  });
}

/** `softmax(q·kᵀ·scale + mask)·v` step by step; the 16-bit scores are returned with the output. */
function eager(
  m: Machine,
  forward: AttentionForward,
  states: QueryKeyValue,
  { mask }: AttentionContext,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const key = frame.hold(repeatHeads(m, forward, states.key));
    const value = frame.hold(repeatHeads(m, forward, states.value));
    let scores = frame.hold(rawScores(m, forward, [states.query, key], mask));
    if (forward.softmaxInScoreDtype === true) {
      scores = frame.rebind(scores, softmax(m, autocastToFloat(m, scores)));
      scores = frame.rebind(scores, cast(m, scores, value.dtype));
    } else {
      const probabilities = softmax(m, scores, { dtype: "float32" });
      scores = frame.rebind(scores, cast(m, probabilities, states.query.dtype));
    }
    scores = frame.rebind(scores, dropout(m, scores, forward.attentionDropout));
    const output = frame.hold(batchedMatmul(m, scores, value));
    return [frame.rebind(output, contiguous(m, transpose(m, output, 1, 2))), scores];
  });
}

/** `q·kᵀ·scale`, capped and masked where there is a cap and a mask. */
function rawScores(
  m: Machine,
  { softcap }: AttentionForward,
  [query, key]: readonly [Tensor, Tensor],
  mask: Tensor | undefined,
): Tensor {
  return m.frame((frame) => {
    let scores = frame.hold(mulScalar(m, batchedMatmul(m, query, transpose(m, key, 2, 3))));
    if (softcap === true) {
      scores = frame.rebind(scores, divScalar(m, scores));
      scores = frame.rebind(scores, tanh(m, scores));
      scores = frame.rebind(scores, mulScalar(m, scores));
    }
    return mask === undefined ? scores : add(m, scores, mask);
  });
}

/**
 * Scores with one more column, the sink of each head, which the softmax sees and the product does not.
 *
 * Source: transformers@5.18.0 models/gpt_oss/modeling_gpt_oss.py `eager_attention_forward`.
 */
function eagerWithSinks(
  m: Machine,
  forward: AttentionForward,
  states: Required<QueryKeyValue>,
  { mask }: AttentionContext,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const key = frame.hold(repeatHeads(m, forward, states.key));
    const value = frame.hold(repeatHeads(m, forward, states.value));
    let scores = frame.hold(rawScores(m, forward, [states.query, key], mask));
    const [batch = 1, heads = 1, length = 1] = states.query.shape;
    const column = view(m, states.sinks, [1, heads, 1, 1]);
    const sinks = frame.hold(expand(m, column, [batch, heads, length, 1]));
    const joined = frame.hold(cat(m, [scores, sinks], -1));
    const [highest, at] = largest(m, joined, "max", 1);
    m.consume(at);
    const combined = frame.rebind(joined, subtract(m, joined, highest));
    const shares = frame.hold(softmax(m, combined));
    const seen = frame.hold(slice(m, shares, -1, 0, length));
    const dropped = dropout(m, seen, forward.attentionDropout);
    scores = frame.rebind(scores, cast(m, dropped, value.dtype));
    const output = frame.hold(batchedMatmul(m, scores, value));
    return [frame.rebind(output, contiguous(m, transpose(m, output, 1, 2))), scores];
  });
}

/** Every key/value head repeated for its group of query heads: a copy of (b, heads, s, d). */
function repeatHeads(m: Machine, forward: AttentionForward, x: Tensor): Tensor {
  const { heads, keyValueHeads } = forward;
  const groups = heads / keyValueHeads;
  if (groups === 1) return x;
  const [batch = 1, , length = 1, dim = 1] = x.shape;
  const grouped = expand(m, unsqueeze(m, x, 2), [batch, keyValueHeads, groups, length, dim]);
  return reshape(m, grouped, [batch, heads, length, dim]);
}
