/**
 * xIELU, operation by operation: `where(x > 0, a * x * x + beta * x, (expm1(min(x, eps)) - x) * b + beta * x)`.
 *
 * Source: transformers activations.py `XIELUActivation._xielu_python`, which runs where the xielu wheel is not installed;
 * torch tools/autograd/derivatives.yaml, `minimum`, `expm1`, `where`.
 */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { softplus } from "./activations.js";
import { autocastToFloat } from "./cast.js";
import { add, addScalar, elementwiseOutput, mul, mulScalar, subtract } from "./elementwise.js";
import { extreme } from "./extremes.js";
import { where } from "./masked.js";

export interface Slopes {
  /** (1,) each, trained with the model. */
  readonly positive: Tensor;
  readonly negative: Tensor;
  /** Without dimensions. */
  readonly eps: Tensor;
}

/** beta and eps are buffers without dimensions, which change no dtype. */
export function xielu(m: Machine, { positive, negative, eps }: Slopes, x: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(x);
    const right = frame.hold(softplus(m, positive));
    const left = frame.hold(addScalar(m, softplus(m, negative)));
    const isRight = frame.hold(m.empty("gt", x.shape, "bool"));
    const squared = mul(m, mul(m, right, x), x);
    const above = frame.hold(sumWithShare(m, squared, x));
    const cut = m.frame((inner) => expm1(m, inner.hold(extreme(m, "minimum", x, eps))));
    const bent = subtract(m, cut, x);
    return where(m, isRight, [above, sumWithShare(m, mul(m, bent, left), x)]);
  });
}

/** `bent + beta * x`. */
function sumWithShare(m: Machine, bent: Tensor, x: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(bent);
    return add(m, bent, mulScalar(m, x));
  });
}

/** Keeps its output; the gradient is `gradient * (output + 1)`. */
function expm1(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("Expm1Backward0", [input]);
  const output = elementwiseOutput(m, "expm1", [input], input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, saved) => {
      const [result] = saved;
      if (result === undefined) throw new Error("expm1 saved nothing");
      return [mul(m, gradient, addScalar(m, result))];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}
