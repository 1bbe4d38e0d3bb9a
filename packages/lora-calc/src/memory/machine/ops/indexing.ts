/** Selection by an index tensor. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `input[indices]` along the first dimension; the gradient is written into zeros of the full shape. */
export function index(m: Machine, input: Tensor, indices: Tensor): Tensor {
  const node = m.track("IndexBackward0", [input]);
  if (node !== undefined) {
    m.save(node, indices);
    const { shape } = input;
    node.backward = (gradient) => {
      const zeros = m.empty("new_zeros", shape, gradient.dtype);
      const filled = m.empty("index_put", shape, gradient.dtype);
      m.consume(zeros);
      return [filled];
    };
  }
  const output = m.empty("index", [indices.size(0), ...input.shape.slice(1)], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}
