/** Sums and means. */

import type { Dtype } from "../../../units/dtype.js";
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

/** `tensor.mean()`. */
export function meanAll(m: Machine, input: Tensor): Tensor {
  const node = m.track("MeanBackward0", [input]);
  const full = input.shape;
  const output = m.empty("mean", [], input.dtype);
  if (node !== undefined) {
    const still = full.map(() => 0);
    node.backward = (gradient) => [divScalar(m, m.alias(gradient, full, still))];
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor.sum(-1)`; integers and booleans are summed in int64. */
export function sumLastDim(m: Machine, input: Tensor): Tensor {
  return sumTo(m, input, input.shape.slice(0, -1));
}

/**
 * `tensor.sum(dim)` of one dimension, which may stay with size 1; the gradient is spread over it again. A dtype that is named
 * is summed in without a copy.
 */
export function sumDim(
  m: Machine,
  given: Tensor,
  dim: number,
  { keepsDim = false, dtype }: { readonly keepsDim?: boolean; readonly dtype?: Dtype } = {},
): Tensor {
  const input = dtype === undefined ? autocastToFloat(m, given) : given;
  const node = m.track("SumBackward1", [input]);
  const full = input.shape;
  const at = dim < 0 ? dim + full.length : dim;
  const rest = [...full.slice(0, at), ...(keepsDim ? [1] : []), ...full.slice(at + 1)];
  const output = m.empty("sum", rest, dtype ?? input.dtype);
  if (node !== undefined) {
    node.backward = (gradient) => {
      const { strides } = gradient;
      const behind = strides.slice(keepsDim ? at + 1 : at);
      return [m.alias(gradient, full, [...strides.slice(0, at), 0, ...behind])];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/**
 * The `count` largest along the last dimension (`topk`, or `max` with keepdim): values and, without history, their int64
 * places, to which the gradient of the values goes.
 */
export function largest(
  m: Machine,
  input: Tensor,
  tag: "topk" | "max",
  count: number,
): readonly [Tensor, Tensor] {
  const node = m.track(tag === "topk" ? "TopkBackward0" : "MaxBackward0", [input]);
  const full = input.shape;
  const shape = [...full.slice(0, -1), count];
  const values = m.empty(tag, shape, input.dtype);
  const places = m.empty(tag, shape, "int64");
  if (node !== undefined) {
    m.saveOutput(node, places);
    node.backward = (gradient) => {
      return [m.empty("new_zeros", full, gradient.dtype)];
    };
  }
  m.finish(node, [values], [input]);
  return [values, places];
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
