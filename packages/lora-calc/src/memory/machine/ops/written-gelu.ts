/**
 * The approximation of GELU by tanh as a function with a gradient of its own, operation by operation. It keeps its input.
 *
 * Source: transformers models/bloom/modeling_bloom.py `bloom_gelu_forward`, `bloom_gelu_back`, `GeLUFunction`.
 */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { tanh } from "./activations.js";
import { add, addScalar, mul, mulScalar } from "./elementwise.js";

export function writtenGelu(m: Machine, input: Tensor): Tensor {
  const node = m.track("GeLUFunctionBackward", [input]);
  const output = m.withoutGrad(() => {
    const half = mulScalar(m, input);
    return m.frame((frame) => {
      frame.hold(half);
      return mul(m, half, addScalar(m, innerTanh(m, input)));
    });
  });
  if (node !== undefined) {
    m.save(node, input);
    node.backward = (gradient, saved) => {
      const [kept] = saved;
      if (kept === undefined) throw new Error("gelu saved nothing");
      return [gradientOf(m, kept, gradient)];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `tanh(0.79788456 * x * (1 + 0.044715 * x * x))`. */
function innerTanh(m: Machine, x: Tensor): Tensor {
  const scaled = mulScalar(m, x);
  return m.frame((frame) => {
    frame.hold(scaled);
    const cubic = addScalar(m, mul(m, mulScalar(m, x), x));
    const product = mul(m, scaled, cubic);
    frame.drop(scaled);
    return tanh(m, product);
  });
}

/** `(0.5 * x * ((1 - t * t) * (0.79788456 + 0.1070322243 * x * x)) + 0.5 * (1 + t)) * gradient`. */
function gradientOf(m: Machine, x: Tensor, gradient: Tensor): Tensor {
  return m.frame((frame) => {
    const bent = frame.hold(innerTanh(m, x));
    const left = m.frame((inner) => {
      const half = inner.hold(mulScalar(m, x));
      const rest = inner.hold(addScalar(m, mul(m, bent, bent), "rsub"));
      const square = addScalar(m, mul(m, mulScalar(m, x), x));
      const product = mul(m, rest, square);
      inner.drop(rest);
      return mul(m, half, product);
    });
    const slope = frame.hold(add(m, left, mulScalar(m, addScalar(m, bent))));
    return mul(m, slope, gradient);
  });
}
