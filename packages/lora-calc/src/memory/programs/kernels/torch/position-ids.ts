/** Position ids of a batch without a cache: (1, s). */

import type { Machine } from "../../../machine/machine.js";
import { addScalar } from "../../../machine/ops/elementwise.js";
import { unsqueeze } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** `arange(s) + past_seen_tokens`. Source: transformers 5.18 models/llama/modeling_llama.py `LlamaModel.forward`. */
export function rangeAndPast(m: Machine, length: number): Tensor {
  return unsqueeze(m, addScalar(m, m.empty("arange", [length], "int64")), 0);
}

/** `arange(past_seen_tokens, past_seen_tokens + s)`. Source: the same in transformers 4.57. */
export function range(m: Machine, length: number): Tensor {
  return unsqueeze(m, m.empty("arange", [length], "int64"), 0);
}
