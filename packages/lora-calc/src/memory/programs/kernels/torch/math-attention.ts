/**
 * `_scaled_dot_product_attention_math`: explicit products, in float32 whatever comes in, with the full (b, heads, s, s)
 * scores. It runs where no fused kernel takes the call, as on a Tesla T4 in bfloat16.
 *
 * Source: torch 2.13 aten/src/ATen/native/transformers/attention.cpp; allocations as torch's memory profiler lists them
 * (conformance/tests/test_attention.py). Unlike eager attention it converts, expands and adds the mask in place.
 */

import type { AttendingHeads } from "../../../../graph/tree/forward.js";
import type { Machine } from "../../../machine/machine.js";
import { cast, withAutocast } from "../../../machine/ops/cast.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { addInPlace, elementwiseOutput, mulScalar } from "../../../machine/ops/elementwise.js";
import { batchedMatmul } from "../../../machine/ops/matmul.js";
import { safeSoftmax } from "../../../machine/ops/softmax.js";
import { transpose } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import { repeatHeads } from "../../../machine/ops/repeat-heads.js";

interface States {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** Without a mask it is causal, unless the model is bidirectional. The body runs without autocast, and its locals live as long as the function. */
export function mathAttention(
  m: Machine,
  forward: AttendingHeads,
  states: States,
  given: Tensor | undefined,
): Tensor {
  return withAutocast(m, undefined, () =>
    m.frame((frame) => {
      const { dtype } = states.query;
      const query = frame.hold(cast(m, states.query, "float32"));
      const key = frame.hold(cast(m, states.key, "float32"));
      const value = frame.hold(cast(m, states.value, "float32"));
      const scaled = frame.hold(mulScalar(m, query));
      const mask = biasOf(m, forward, query, given);
      if (mask !== undefined) frame.hold(mask);
      const isGrouped = forward.broadcastsKeys !== true && query.size(1) !== key.size(1);
      const keys = frame.hold(isGrouped ? repeatHeads(m, forward, key) : key);
      const values = frame.hold(isGrouped ? repeatHeads(m, forward, value) : value);
      let weights = frame.hold(batchedMatmul(m, scaled, mulScalar(m, transpose(m, keys, -2, -1))));
      if (mask !== undefined) weights = frame.rebind(weights, addInPlace(m, weights, mask));
      weights = frame.rebind(weights, safeSoftmax(m, weights));
      weights = frame.rebind(weights, dropout(m, weights, forward.attentionDropout));
      // The pair (output, weights) is made from right to left, and the second of it is not used.
      const second = frame.hold(cast(m, weights, dtype));
      const output = cast(m, batchedMatmul(m, weights, values), dtype);
      frame.drop(second);
      return output;
    }),
  );
}

function biasOf(
  m: Machine,
  { isBidirectional }: AttendingHeads,
  query: Tensor,
  mask: Tensor | undefined,
): Tensor | undefined {
  if (mask !== undefined) return mask.dtype === "bool" ? additiveMask(m, mask, "float32") : mask;
  return isBidirectional === true ? undefined : causalBias(m, query);
}

/** (s, s) table of 0 and −inf in the dtype of the queries. */
function causalBias(m: Machine, query: Tensor): Tensor {
  const shape = [query.size(2), query.size(2)];
  const ones = m.empty("ones", shape, "bool");
  const triangle = m.empty("tril", shape, "bool");
  m.consume(ones);
  return m.frame((frame) => additiveMask(m, frame.hold(triangle), query.dtype));
}

/** `convert_boolean_attn_mask`: 0 and −inf in the full shape of the mask. Every layer makes its own. */
export function additiveMask(m: Machine, mask: Tensor, dtype: Tensor["dtype"]): Tensor {
  return m.frame((frame) => {
    frame.hold(m.empty("scalar_tensor", [], dtype));
    frame.hold(m.empty("scalar_tensor", [], dtype));
    return elementwiseOutput(m, "where", [mask], dtype);
  });
}
