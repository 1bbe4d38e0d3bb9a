/** Selection and replacement by an index tensor. */

import type { Dtype } from "../../../units/dtype.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `input[indices]` along the first dimension; the gradient is written into zeros of the full shape. */
export function index(m: Machine, input: Tensor, indices: Tensor): Tensor {
  const node = m.track("IndexBackward0", [input]);
  if (node !== undefined) {
    m.save(node, indices);
    const { shape } = input;
    node.backward = (gradient) => [filledInto(m, shape, gradient.dtype)];
  }
  const output = m.empty("index", [indices.size(0), ...input.shape.slice(1)], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}

/** `input[rows, places]`: of every row what is at its place, (b, s, n) → (b, n) or (b, s) → (b). */
export function indexPlaces(m: Machine, input: Tensor, rows: Tensor, places: Tensor): Tensor {
  const node = m.track("IndexBackward0", [input]);
  if (node !== undefined) {
    for (const indices of [rows, places]) m.save(node, indices);
    const { shape } = input;
    node.backward = (gradient) => [filledInto(m, shape, gradient.dtype)];
  }
  const output = m.empty("index", [rows.size(0), ...input.shape.slice(2)], input.dtype);
  m.finish(node, [output], [input, rows, places]);
  return output;
}

/** `input[..., [place], :]`, the place a list that becomes a tensor on the card: a copy of one row of the dimension before the last. */
export function indexRow(m: Machine, input: Tensor): Tensor {
  const place = m.empty("lift_fresh", [1], "int64");
  const node = m.track("IndexBackward0", [input]);
  if (node !== undefined) {
    m.save(node, place);
    const { shape } = input;
    node.backward = (gradient) => [filledInto(m, shape, gradient.dtype)];
  }
  const output = m.empty("index", [...input.shape.slice(0, -2), 1, input.size(-1)], input.dtype);
  m.consume(place);
  m.finish(node, [output], [input]);
  return output;
}

/** The gradient of what was indexed: added into zeros of the full shape. */
export function filledInto(m: Machine, shape: Shape, dtype: Dtype): Tensor {
  const zeros = m.empty("new_zeros", shape, dtype);
  const filled = m.empty("index_put", shape, dtype);
  m.consume(zeros);
  return filled;
}

/**
 * `frozen.index_copy(0, indices, source)`: a copy of the whole table with some rows replaced; the gradient of the rows is
 * selected from that of the table.
 */
export function indexCopy(m: Machine, frozen: Tensor, indices: Tensor, source: Tensor): Tensor {
  if (frozen.requiresGrad) throw new Error("index_copy into what needs a gradient is not modelled");
  const node = m.track("IndexCopyBackward0", [frozen, source]);
  if (node !== undefined) {
    m.save(node, indices);
    m.save(node, source);
    const { shape } = source;
    node.backward = (gradient) => [undefined, m.empty("index_select", shape, gradient.dtype)];
  }
  const output = m.empty("index_copy", frozen.shape, frozen.dtype);
  m.finish(node, [output], [frozen, indices, source]);
  return output;
}

/** `base.index_copy_(dim, indices, source)`, written where the base lies, which has no history; the source's gradient is selected. */
export function indexCopyInto(m: Machine, base: Tensor, indices: Tensor, source: Tensor): Tensor {
  const node = m.track("IndexCopyBackward0", [source]);
  if (node !== undefined) {
    m.save(node, indices);
    m.save(node, source);
    const { shape } = source;
    node.backward = (gradient) => [m.empty("index_select", shape, gradient.dtype)];
  }
  const output = m.alias(base);
  m.finish(node, [output], [indices, source]);
  return output;
}

/** `input.scatter_(1, places, source)` into what has no history; the gradient is gathered. */
export function scatterLast(m: Machine, input: Tensor, places: Tensor, source: Tensor): Tensor {
  const node = m.track("ScatterBackward0", [source]);
  if (node !== undefined) {
    m.save(node, places);
    const { shape } = source;
    node.backward = (gradient) => [m.empty("gather", shape, gradient.dtype)];
  }
  const output = m.alias(input);
  m.finish(node, [output], [source]);
  return output;
}

/** `input.gather(1, places)` of one vector per row, (b, s, n) → (b, 1, n); it keeps the whole input. */
export function gatherVector(m: Machine, input: Tensor, places: Tensor): Tensor {
  return gathered(m, input, places, [input.size(0), 1, input.size(-1)]);
}

/** `input.gather(-1, places)`: the gradient is added into zeros of the full shape. */
export function gatherLast(m: Machine, input: Tensor, places: Tensor): Tensor {
  return gathered(m, input, places, places.shape);
}

function gathered(m: Machine, input: Tensor, places: Tensor, result: Shape): Tensor {
  const node = m.track("GatherBackward0", [input]);
  if (node !== undefined) {
    m.save(node, input);
    m.save(node, places);
    const { shape } = input;
    node.backward = (gradient) => [m.empty("new_zeros", shape, gradient.dtype)];
  }
  const output = m.empty("gather", result, input.dtype);
  m.finish(node, [output], [input]);
  return output;
}
