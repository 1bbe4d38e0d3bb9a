/** Copies that repeat what they are made of. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { contiguous, expand, reshape, unsqueeze, view } from "./views.js";

/** `tensor.repeat_interleave(repeats, dim=2)` of (b, s, heads, dim): every head so many times in a row. */
export function repeatEach(m: Machine, input: Tensor, repeats: number): Tensor {
  const [rows = 1, length = 1, heads = 1, dim = 1] = input.shape;
  const spread = expand(m, unsqueeze(m, input, 3), [rows, length, heads, repeats, dim]);
  return view(m, contiguous(m, spread), [rows, length, heads * repeats, dim]);
}

/** `tensor.repeat(times, 1, …)`: always a copy; the gradient is summed over the times. */
export function repeatRows(m: Machine, input: Tensor, times: number): Tensor {
  const node = m.track("RepeatBackward0", [input]);
  const [rows = 1, ...rest] = input.shape;
  const output = m.empty("repeat", [times * rows, ...rest], input.dtype);
  if (node !== undefined) {
    node.backward = (gradient) => {
      const apart = reshape(m, gradient, times === 1 ? input.shape : [times, rows, ...rest]);
      if (times === 1) return [apart];
      const sum = m.empty("sum", input.shape, gradient.dtype);
      m.consume(apart);
      return [sum];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}
