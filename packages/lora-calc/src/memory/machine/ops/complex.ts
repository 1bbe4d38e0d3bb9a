/** Complex numbers, as pairs of fp32 in the last dimension. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { elementwiseOutput } from "./elementwise.js";
import { contiguous } from "./views.js";

/**
 * `view_as_real(view_as_complex(input) * factor)`: the gradient is multiplied by the conjugate, which has to be written out.
 *
 * Source: torch 2.13 FunctionsManual.cpp `mul_tensor_backward`, derivatives.yaml `view_as_real`, ConjugateFallback.cpp.
 */
export function complexProduct(m: Machine, input: Tensor, factor: Tensor): Tensor {
  const node = m.track("MulBackward0", [input]);
  const product = (left: Tensor): Tensor => elementwiseOutput(m, "mul", [left, factor], left.dtype);
  if (node !== undefined) {
    m.save(node, factor);
    node.backward = (gradient) => [
      m.frame((frame) => {
        frame.hold(m.empty("clone", factor.shape, factor.dtype));
        return product(gradient);
      }),
    ];
  }
  const output = product(input);
  m.finish(node, [output], [input]);
  return asReal(m, output);
}

/** `view_as_real(input)`, whose gradient has to lie in rows. */
function asReal(m: Machine, input: Tensor): Tensor {
  const node = m.track("ViewAsRealBackward0", [input]);
  const output = m.alias(input);
  if (node !== undefined) node.backward = (gradient) => [contiguous(m, gradient)];
  m.finish(node, [output], [input]);
  return output;
}
