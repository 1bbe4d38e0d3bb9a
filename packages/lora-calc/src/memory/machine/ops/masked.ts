/** Elements chosen by a mask, whose number is a value: it is given. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

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
