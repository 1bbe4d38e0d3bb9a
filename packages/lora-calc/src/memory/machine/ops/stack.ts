/** Tensors of one shape on top of each other, and sums over them. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { missing } from "../../../problem/missing.js";
import { cast, promote } from "./cast.js";
import { divScalar } from "./elementwise.js";

/**
 * `torch.stack(inputs)`: (n, …); the gradient is unbound into views. Under autocast the narrower ones are cast first.
 *
 * Source: aten/src/ATen/autocast_mode.h, `AT_FORALL_PROMOTE`.
 */
export function stackFirst(m: Machine, given: readonly Tensor[]): Tensor {
  return m.frame((frame) => {
    const widest = given.map(({ dtype }) => dtype).reduce(promote);
    const isCast = m.autocast.dtype !== undefined;
    const inputs = given.map((x) =>
      isCast && x.dtype !== widest ? frame.hold(cast(m, x, widest)) : x,
    );
    const node = m.track("StackBackward0", inputs);
    const { shape, strides } = inputs[0] ?? missing();
    const output = m.empty("stack", [inputs.length, ...shape], widest);
    if (node !== undefined) {
      node.backward = (gradient) => inputs.map(() => m.alias(gradient, shape, strides));
    }
    m.finish(node, [output], inputs);
    return output;
  });
}

/** `tensor.mean(0)`: (n, …) → (…). */
export function meanFirst(m: Machine, input: Tensor): Tensor {
  const node = m.track("MeanBackward1", [input]);
  const [, ...rest] = input.shape;
  const output = m.empty("mean", rest, input.dtype);
  if (node !== undefined) {
    const full = input.shape;
    node.backward = (gradient) => [divScalar(m, m.alias(gradient, full, [0, ...gradient.strides]))];
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor.repeat(times, 1, …)` of a tensor with one dimension less: (…) → (times, …); the gradient is summed. */
export function copies(m: Machine, input: Tensor, times: number): Tensor {
  const node = m.track("RepeatBackward0", [input]);
  const { shape } = input;
  const output = m.empty("repeat", [times, ...shape], input.dtype);
  if (node !== undefined) {
    node.backward = (gradient) => [m.empty("sum", shape, gradient.dtype)];
  }
  m.finish(node, [output], [input]);
  return output;
}
