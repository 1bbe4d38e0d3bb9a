/** Sums and means. */

import { expandedStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat } from "./cast.js";
import { divScalar } from "./elementwise.js";

/** `tensor.mean(-1, keepdim=True)`. */
export function meanLastDim(m: Machine, input: Tensor): Tensor {
  const node = m.track("MeanBackward1", [input]);
  const full = input.shape;
  const output = m.empty("mean", [...full.slice(0, -1), 1], input.dtype);
  if (node !== undefined) {
    node.backward = (gradient) => {
      const spread = m.alias(
        gradient,
        full,
        expandedStrides(gradient.shape, gradient.strides, full),
      );
      return [divScalar(m, spread)];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor.sum(-1)`; integers and booleans are summed in int64. */
export function sumLastDim(m: Machine, input: Tensor): Tensor {
  return sumTo(m, input, input.shape.slice(0, -1));
}

/** `tensor.sum()`. */
export function sumAll(m: Machine, input: Tensor): Tensor {
  return sumTo(m, input, []);
}

function sumTo(m: Machine, given: Tensor, shape: Shape): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("SumBackward1", [input]);
  const full = input.shape;
  const isFloating = input.dtype.startsWith("float") || input.dtype === "bfloat16";
  const output = m.empty("sum", shape, isFloating ? input.dtype : "int64");
  if (node !== undefined) {
    node.backward = (gradient) => [
      m.alias(
        gradient,
        full,
        full.map(() => 0),
      ),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}

/** Sum over the dimensions in which `shape` was broadcast: brings a gradient to the shape of its input. */
export function sumToShape(m: Machine, gradient: Tensor, shape: Shape): Tensor {
  const output = m.empty("sum", shape, gradient.dtype);
  m.consume(gradient);
  return output;
}
