/** Attention that a class writes out itself, and whatever implementation is asked for runs. */

import type { AttendingHeads } from "../../../../graph/tree/forward.js";
import type { AttentionContext, QueryKeyValue } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { autocastToFloat, cast } from "../../../machine/ops/cast.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { add, divInPlace } from "../../../machine/ops/elementwise.js";
import { whereTable } from "../../../machine/ops/masked.js";
import { batchedMatmul } from "../../../machine/ops/matmul.js";
import { softmax } from "../../../machine/ops/softmax.js";
import { contiguous, transpose } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

type WithTable = QueryKeyValue & { readonly table: Tensor };

/** Keys of one head are broadcast. Source: transformers models/falcon/modeling_falcon.py `FalconAttention.forward`. */
export function inPlace(
  m: Machine,
  { query, key, value, inputDtype = query.dtype }: QueryKeyValue,
  { mask }: AttentionContext,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const product = frame.hold(batchedMatmul(m, query, transpose(m, key, -1, -2)));
    const scores = frame.rebind(product, divInPlace(m, product));
    const masked = mask === undefined ? scores : add(m, scores, mask);
    const shares = frame.rebind(
      scores,
      m.frame((inner) => softmax(m, inner.hold(masked), { dtype: inputDtype })),
    );
    const output = frame.hold(batchedMatmul(m, shares, value));
    return [frame.rebind(output, contiguous(m, transpose(m, output, 1, 2))), shares];
  });
}

/** Source: transformers models/gpt_neo/modeling_gpt_neo.py `GPTNeoSelfAttention._attn`. */
export function inFp32WithTable(
  m: Machine,
  { attentionDropout }: AttendingHeads,
  { query, key, value, table }: WithTable,
  { mask }: AttentionContext,
): readonly [Tensor, Tensor] {
  const [attended, shares] = m.frame<readonly [Tensor, Tensor]>((frame) => {
    const wide = frame.hold(cast(m, query, "float32"));
    const wideKey = frame.hold(cast(m, key, "float32"));
    let scores = frame.hold(batchedMatmul(m, wide, transpose(m, wideKey, -1, -2)));
    const least = frame.hold(m.empty("lift_fresh", [], scores.dtype));
    scores = frame.rebind(scores, whereTable(m, table, scores, least));
    if (mask !== undefined) scores = frame.rebind(scores, add(m, scores, mask));
    scores = frame.rebind(scores, softmax(m, autocastToFloat(m, scores)));
    scores = frame.rebind(scores, cast(m, scores, value.dtype));
    scores = frame.rebind(scores, dropout(m, scores, attentionDropout));
    return [batchedMatmul(m, scores, value), scores];
  });
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    frame.hold(shares);
    const output = frame.hold(attended);
    return [frame.rebind(output, contiguous(m, transpose(m, output, 1, 2))), shares];
  });
}
