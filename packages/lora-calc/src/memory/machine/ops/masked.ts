/** Elements chosen by a mask, whose number is a value: it is given. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { promote } from "./cast.js";
import { elementwiseOutput } from "./elementwise.js";
import { filledInto } from "./indexing.js";

/** `tensor[mask == 0] = 0.0` on a view that nothing else sees: the result lies where the tensor lay. */
export function zeroWhere(m: Machine, input: Tensor, mask: Tensor): Tensor {
  const node = m.track("CopySlices", [input]);
  const output = m.frame((frame) => {
    const isZero = frame.hold(m.empty("eq", mask.shape, "bool"));
    m.consume(m.empty("lift_fresh", [], input.dtype));
    if (node !== undefined) m.save(node, isZero);
    return m.alias(input);
  });
  if (node !== undefined) {
    const { shape } = input;
    node.backward = (gradient) => {
      const { dtype } = gradient;
      const result = m.empty("new_empty_strided", shape, dtype);
      const copy = m.empty("clone", shape, dtype);
      const zero = m.empty("zeros", [], dtype);
      m.consume(m.empty("index_put", shape, dtype));
      for (const each of [copy, zero]) m.consume(each);
      return [result];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor[mask]`, without history: (…mask, n) → (count, n), with the places of what is true beside it. */
export function whereTrue(m: Machine, input: Tensor, mask: Tensor, count: number): Tensor {
  const dimensions = mask.shape.length;
  const places = m.empty("nonzero", [count, dimensions], "int64");
  const output = m.empty("index", [count, ...input.shape.slice(dimensions)], input.dtype);
  m.consume(places);
  m.consume(input);
  m.consume(mask);
  return output;
}

/** `tensor[mask]`: (…mask, n) → (count, n); the gradient is written into zeros of the full shape. */
export function selectTrue(m: Machine, input: Tensor, mask: Tensor, count: number): Tensor {
  const node = m.track("IndexBackward0", [input]);
  if (node !== undefined) {
    m.save(node, mask);
    const { shape } = input;
    node.backward = (gradient) => [filledInto(m, shape, gradient.dtype)];
  }
  const places = m.empty("nonzero", [count, mask.shape.length], "int64");
  const rest = input.shape.slice(mask.shape.length);
  const output = m.empty("index", [count, ...rest], input.dtype);
  m.consume(places);
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor[:, mask, :]`: (b, s, n) → (b, count, n); the gradient is written into zeros of the full shape. */
export function selectAlong(m: Machine, input: Tensor, mask: Tensor, count: number): Tensor {
  const node = m.track("IndexBackward0", [input]);
  const { shape, dtype } = input;
  if (node !== undefined) {
    m.save(node, mask);
    node.backward = (gradient) => [filledInto(m, shape, gradient.dtype)];
  }
  const places = m.empty("nonzero", [count, 1], "int64");
  const output = m.empty("index", [shape[0] ?? 1, count, input.size(-1)], dtype);
  m.consume(places);
  m.finish(node, [output], [input]);
  return output;
}

/** `source.new_zeros(mask.shape).masked_scatter(mask, source)`: (count,) → the shape of the mask. */
export function scatterTrue(m: Machine, source: Tensor, mask: Tensor): Tensor {
  const zeros = m.empty("new_zeros", mask.shape, source.dtype);
  const node = m.track("MaskedScatterBackward0", [source]);
  if (node !== undefined) {
    m.save(node, mask);
    const { shape } = source;
    node.backward = (gradient) => [m.empty("masked_scatter_backward", shape, gradient.dtype)];
  }
  const output = m.empty("masked_scatter", mask.shape, source.dtype);
  m.consume(m.empty("masked_scatter.prefix_sum", mask.shape, "int64"));
  m.consume(zeros);
  m.finish(node, [output], [source]);
  return output;
}

/** `input.masked_fill(mask, number)`; the mask is kept for the gradient. */
export function maskedFill(m: Machine, input: Tensor, mask: Tensor): Tensor {
  const node = m.track("MaskedFillBackward0", [input]);
  if (node !== undefined) {
    m.save(node, mask);
    node.backward = (gradient) => [m.empty("masked_fill", gradient.shape, gradient.dtype)];
  }
  const output = m.empty("masked_fill", input.shape, input.dtype);
  m.consume(mask);
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor.masked_fill_(mask, number)`: the result lies where the tensor lay. */
export function maskedFillInPlace(m: Machine, input: Tensor, mask: Tensor): Tensor {
  const node = m.track("MaskedFillBackward0", [input]);
  const output = m.alias(input);
  if (node !== undefined) {
    m.save(node, mask);
    node.backward = (gradient) => [m.empty("masked_fill", gradient.shape, gradient.dtype)];
  }
  m.consume(mask);
  m.finish(node, [output], [input]);
  return output;
}

/** `torch.where(table, input, number)`, the table a part of one that is kept; the number is a tensor without history. */
export function whereTable(m: Machine, table: Tensor, input: Tensor, other: Tensor): Tensor {
  const node = m.track("WhereBackward0", [input]);
  if (node !== undefined) {
    m.save(node, table);
    node.backward = (gradient) => [
      m.frame((frame) => {
        frame.hold(m.empty("scalar_tensor", [], gradient.dtype));
        return elementwiseOutput(m, "where", [table, gradient], gradient.dtype);
      }),
    ];
  }
  const output = elementwiseOutput(m, "where", [table, input], input.dtype);
  m.finish(node, [output], [input, other]);
  return output;
}

/** `torch.where(condition, first, second)`, the condition perhaps of fewer elements. */
export function where(m: Machine, condition: Tensor, sides: readonly [Tensor, Tensor]): Tensor {
  const node = m.track("WhereBackward0", sides);
  if (node !== undefined) {
    m.save(node, condition);
    const wanted = sides.map(({ requiresGrad }) => requiresGrad);
    node.backward = (gradient) =>
      wanted.map((isWanted) =>
        isWanted
          ? m.frame((frame) => {
              frame.hold(m.empty("scalar_tensor", [], gradient.dtype));
              return elementwiseOutput(m, "where", [gradient], gradient.dtype);
            })
          : undefined,
      );
  }
  const [first, second] = sides;
  const output = elementwiseOutput(m, "where", sides, promote(first.dtype, second.dtype));
  m.finish(node, [output], [first, second]);
  return output;
}
