/**
 * From queries, keys and values to the attended values.
 *
 * Source: transformers@5.18.0 integrations/sdpa_attention.py, models/llama/modeling_llama.py `eager_attention_forward`;
 * dispatch of `scaled_dot_product_attention` on CUDA.
 */

import type { AttentionForward } from "../../graph/forward.js";
import { flashAttention } from "../machine/ops/attention.js";
import { autocastToHalf } from "../machine/ops/cast.js";
import { contiguous, transpose } from "../machine/ops/views.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";

/** What all layers of one forward share. */
export interface AttentionContext {
  readonly implementation: "sdpa" | "eager";
  /** cos and sin of this layer's kind. */
  readonly tables?: readonly [Tensor, Tensor];
  /** Attention mask of this layer's kind, when one had to be built. */
  readonly mask?: Tensor;
}

export interface QueryKeyValue {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** Output (b, s, heads, d), and the scores (b, heads, s, s) when the kernel returns them. */
export function attend(
  m: Machine,
  _forward: AttentionForward,
  states: QueryKeyValue,
  _context: AttentionContext,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  return m.frame((frame) => {
    const query = frame.hold(autocastToHalf(m, states.query));
    const key = frame.hold(autocastToHalf(m, states.key));
    const value = frame.hold(autocastToHalf(m, states.value));
    const output = frame.hold(flashAttention(m, query, key, value));
    return [contiguous(m, transpose(m, output, 1, 2))];
  });
}
