/** Tensors taken apart along one dimension: views, whose gradients are joined again. */

import { joinedStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `tensor.chunk(parts, dim=-1)`: views; the gradient joins them again. */
export function chunkLastDim(m: Machine, input: Tensor, parts: number): readonly Tensor[] {
  return chunkDim(m, input, -1, parts);
}

/** `tensor.chunk(parts, dim)`. */
export function chunkDim(m: Machine, input: Tensor, dim: number, parts: number): readonly Tensor[] {
  return splitDim(m, input, dim, new Array<number>(parts).fill(input.size(dim) / parts));
}

/** `tensor.split(sizes)` along the first dimension. */
export function splitFirstDim(m: Machine, input: Tensor, sizes: Shape): readonly Tensor[] {
  return splitDim(m, input, 0, sizes);
}

/** `tensor.split(size, dim)`, whose last part may be smaller. */
export function splitInto(m: Machine, input: Tensor, dim: number, size: number): readonly Tensor[] {
  const total = input.size(dim);
  const count = Math.ceil(total / size);
  return splitDim(
    m,
    input,
    dim,
    Array.from({ length: count }, (_, index) => Math.min(size, total - index * size)),
  );
}

/** `tensor.split(sizes, dim=-1)`. */
export function splitLastDim(m: Machine, input: Tensor, sizes: Shape): readonly Tensor[] {
  return splitDim(m, input, -1, sizes);
}

function splitDim(m: Machine, input: Tensor, dim: number, sizes: Shape): readonly Tensor[] {
  const node = m.track("SplitBackward0", [input]);
  const full = input.shape;
  const at = dim < 0 ? dim + full.length : dim;
  const outputs = sizes.map((size) =>
    m.alias(
      input,
      full.map((old, index) => (index === at ? size : old)),
      input.strides,
    ),
  );
  if (node !== undefined) {
    node.backward = (gradient, _, all) => {
      const parts = all.map((part) => part ?? m.empty("zeros", full, gradient.dtype));
      const joined = m.empty("cat", full, gradient.dtype, joinedStrides(parts, full));
      parts.forEach((part, index) => {
        if (all[index] === undefined) m.consume(part);
      });
      return [joined];
    };
  }
  m.finish(node, outputs, [input]);
  return outputs;
}
