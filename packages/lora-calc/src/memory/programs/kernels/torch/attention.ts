/**
 * From queries, keys and values to the attended values.
 *
 * Source: transformers integrations/sdpa_attention.py, models/llama/modeling_llama.py `eager_attention_forward`;
 * dispatch of `scaled_dot_product_attention` on CUDA.
 */

import type { AttendingHeads } from "../../../../graph/tree/forward.js";
import type { AttentionContext, QueryKeyValue } from "../../../load/bound-module.js";
import { tanh } from "../../../machine/ops/activations.js";
import { autocastToFloat, autocastToHalf, cast } from "../../../machine/ops/cast.js";
import { cudnnAttention } from "../../../machine/ops/cudnn-attention.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { add, cat, divScalar, mulScalar, subtract } from "../../../machine/ops/elementwise.js";
import { efficientAttention } from "../../../machine/ops/efficient-attention.js";
import { flashAttention } from "../../../machine/ops/flash-attention.js";
import { whereTable } from "../../../machine/ops/masked.js";
import { batchedMatmul } from "../../../machine/ops/matmul.js";
import { largest } from "../../../machine/ops/reduce.js";
import { softmax } from "../../../machine/ops/softmax.js";
import { contiguous, expand, padLast, slice, transpose, view } from "../../../machine/ops/views.js";
import type { Machine } from "../../../machine/machine.js";
import type { Tensor } from "../../../machine/tensor.js";
import { chooseKernel, FLASH_MAX_HEAD_DIM } from "./choose-kernel.js";
import { additiveMask, mathAttention } from "./math-attention.js";
import { packageFlash } from "./package-flash.js";
import { inFp32WithTable, inPlace } from "./own-attention.js";
import { repeatHeads } from "../../../machine/ops/repeat-heads.js";

/** Output (b, s, heads, d), and the scores (b, heads, s, s) when the kernel returns them. */
export function attend(
  m: Machine,
  forward: AttendingHeads,
  states: QueryKeyValue,
  context: AttentionContext,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  const { sinks, table } = states;
  if (table !== undefined) return inFp32WithTable(m, forward, { ...states, table }, context);
  if (sinks !== undefined) return eagerWithSinks(m, forward, { ...states, sinks }, context);
  if (context.implementation === "eager" && forward.dividesInPlace === true)
    return inPlace(m, states, context);
  if (context.implementation === "flash") return [packageFlash(m, states, context)];
  return context.implementation === "eager"
    ? eager(m, forward, states, context)
    : [sdpa(m, forward, states, context)];
}

function sdpa(
  m: Machine,
  forward: AttendingHeads,
  states: QueryKeyValue,
  context: AttentionContext,
): Tensor {
  return m.frame((frame) => {
    const isGrouped = forward.heads > forward.keyValueHeads;
    const keepsGroups =
      isGrouped && context.mask === undefined && forward.headDim <= FLASH_MAX_HEAD_DIM;
    const repeats = isGrouped && !keepsGroups && forward.broadcastsKeys !== true;
    const key = repeats ? frame.hold(repeatHeads(m, forward, states.key)) : states.key;
    const value = repeats ? frame.hold(repeatHeads(m, forward, states.value)) : states.value;
    const { query, bias } = states;
    const added = bias === undefined ? {} : { bias: frame.hold(biased(m, forward, bias, context)) };
    const output = frame.hold(kernel(m, forward, { query, key, value, ...added }, context));
    return frame.rebind(output, contiguous(m, transpose(m, output, 1, 2)));
  });
}

/**
 * A bias of the scores with the mask in it, or with what would mask without one.
 *
 * Source: transformers integrations/sdpa_attention.py `create_position_bias_mask`.
 */
function biased(
  m: Machine,
  { isBidirectional }: AttendingHeads,
  bias: Tensor,
  { mask, copiesBias = false }: AttentionContext,
): Tensor {
  const laid = (x: Tensor): Tensor => (copiesBias ? contiguous(m, x) : x);
  if (mask === undefined && isBidirectional === true) return laid(bias);
  return m.frame((frame) => {
    const table = mask ?? frame.hold(causalTable(m, bias.size(-1)));
    const least = m.empty("scalar_tensor", [], bias.dtype);
    return laid(frame.hold(whereTable(m, table, bias, least)));
  });
}

/** `arange[:, None] >= arange[None, :]`. */
function causalTable(m: Machine, length: number): Tensor {
  const places = (): Tensor => m.empty("arange", [length], "int64");
  const [queries, keys] = [places(), places()];
  const table = m.empty("ge", [1, 1, length, length], "bool");
  for (const each of [queries, keys]) m.consume(each);
  return table;
}

/** The kernel that the card runs, after autocast's casts. Every layer makes its own additive mask. */
function kernel(
  m: Machine,
  forward: AttendingHeads,
  states: QueryKeyValue,
  { mask, card }: AttentionContext,
): Tensor {
  return m.frame((frame) => {
    const query = frame.hold(autocastToHalf(m, states.query));
    const key = frame.hold(autocastToHalf(m, states.key));
    const value = frame.hold(autocastToHalf(m, states.value));
    const numbers = states.bias ?? (mask?.dtype === "bool" ? undefined : mask);
    const added = numbers === undefined ? undefined : frame.hold(autocastToHalf(m, numbers));
    const { headDim, attentionDropout } = forward;
    const chosen = chooseKernel(card, {
      dtype: query.dtype,
      headDim,
      valueDim: value.size(-1),
      hasMask: mask !== undefined || added !== undefined,
      maskNeedsGradient: added?.requiresGrad === true,
      isGrouped: query.size(1) !== key.size(1),
      broadcasts: forward.broadcastsKeys === true,
      dropout: attentionDropout,
      needsGradient: m.gradEnabled && [query, key, value].some((it) => it.requiresGrad),
    });
    if (chosen === "flash") return paddedFlash(m, [query, key, value]);
    if (chosen === "math") return mathAttention(m, forward, { query, key, value }, added ?? mask);
    const bias =
      added ?? (mask === undefined ? undefined : frame.hold(additiveMask(m, mask, query.dtype)));
    if (chosen === "cudnn") return cudnnAttention(m, [query, key, value], bias);
    const whole = bias === undefined ? undefined : expandedRows(m, bias, [query, key]);
    // The cast of a bias is an argument, and stays; what a mask is made into is a variable.
    if (whole !== undefined && bias !== undefined) {
      if (added === undefined) frame.rebind(bias, whole);
      else frame.hold(whole);
    }
    const { sm } = card;
    return efficientAttention(m, [query, key, value], {
      mask: whole,
      dropout: attentionDropout,
      sm,
    });
  });
}

/** Heads of the flash kernel are multiples of this many channels. */
const HEAD_ALIGNMENT = 8;

/** Heads of other widths are padded before it, and its output is cut. Source: sdpa `pad_last_dim`, `post_process_flash_output`. */
function paddedFlash(m: Machine, states: readonly [Tensor, Tensor, Tensor]): Tensor {
  const [query, key, value] = states;
  const dim = query.size(-1);
  if (dim % HEAD_ALIGNMENT === 0) return flashAttention(m, query, key, value);
  const width = dim + HEAD_ALIGNMENT - (dim % HEAD_ALIGNMENT);
  return m.frame((frame) => {
    const padded = (x: Tensor): Tensor => frame.hold(padLast(m, x, width));
    const [q, k, v] = [padded(query), padded(key), padded(value)];
    return slice(m, flashAttention(m, q, k, v), -1, [0, dim]);
  });
}

/** Rows of a mask have to begin at multiples of this many elements. */
const MASK_ALIGNMENT = 8;

/** `preprocess_mask` of the memory-efficient kernel: a wider copy, seen through a slice, where rows are not aligned. */
function alignedRows(m: Machine, bias: Tensor): Tensor {
  if (bias.strides.slice(0, -1).every((stride) => stride % MASK_ALIGNMENT === 0)) return bias;
  const length = bias.size(-1);
  const width = length + MASK_ALIGNMENT - (length % MASK_ALIGNMENT);
  return slice(m, padLast(m, bias, width), -1, [0, length]);
}

/** (b, heads, queries, keys) */
function expandedRows(m: Machine, bias: Tensor, [query, key]: readonly [Tensor, Tensor]): Tensor {
  return expand(m, alignedRows(m, bias), [...query.shape.slice(0, -1), key.size(2)]);
}

/** `softmax(q·kᵀ·scale + mask)·v` step by step; the 16-bit scores are returned with the output. */
function eager(
  m: Machine,
  forward: AttendingHeads,
  states: QueryKeyValue,
  { mask }: AttentionContext,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const key = frame.hold(repeatHeads(m, forward, states.key));
    const value = frame.hold(repeatHeads(m, forward, states.value));
    let scores = frame.hold(rawScores(m, forward, [states.query, key], mask));
    if (forward.scoresInFp32 === true) {
      const shares = softmax(m, autocastToFloat(m, scores));
      scores = frame.rebind(scores, cast(m, shares, value.dtype));
    } else if (forward.softmaxInScoreDtype === true) {
      scores = frame.rebind(scores, softmax(m, autocastToFloat(m, scores)));
      if (forward.leavesSharesUncast !== true) {
        scores = frame.rebind(scores, cast(m, scores, value.dtype));
      }
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
  { softcap, scoresInFp32, dividesScores }: AttendingHeads,
  [query, key]: readonly [Tensor, Tensor],
  mask: Tensor | undefined,
): Tensor {
  return m.frame((frame) => {
    const pairs =
      scoresInFp32 === true
        ? m.frame((inner) => {
            const wide = inner.hold(cast(m, query, "float32"));
            const keys = inner.hold(transpose(m, cast(m, key, "float32"), 2, 3));
            return batchedMatmul(m, wide, keys);
          })
        : batchedMatmul(m, query, transpose(m, key, 2, 3));
    const scaled = dividesScores === true ? divScalar : mulScalar;
    let scores = frame.hold(scaled(m, pairs));
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
 * Source: transformers models/gpt_oss/modeling_gpt_oss.py `eager_attention_forward`.
 */
function eagerWithSinks(
  m: Machine,
  forward: AttendingHeads,
  states: QueryKeyValue & { readonly sinks: Tensor },
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
    const seen = frame.hold(slice(m, shares, -1, [0, length]));
    const dropped = dropout(m, seen, forward.attentionDropout);
    scores = frame.rebind(scores, cast(m, dropped, value.dtype));
    const output = frame.hold(batchedMatmul(m, scores, value));
    return [frame.rebind(output, contiguous(m, transpose(m, output, 1, 2))), scores];
  });
}
