/** The smaller or the larger of a tensor and a number that is a tensor, and roots of what is never below one. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { div, divScalar, elementwiseOutput, mulScalar } from "./elementwise.js";

/**
 * `torch.minimum(input, number)` or `maximum`: half of the gradient where both are equal, none where the number was taken.
 *
 * Source: torch tools/autograd/derivatives.yaml.
 */
export function extreme(
  m: Machine,
  tag: "minimum" | "maximum",
  input: Tensor,
  number: Tensor,
): Tensor {
  const node = m.track(tag === "minimum" ? "MinimumBackward0" : "MaximumBackward0", [input]);
  if (node !== undefined) {
    m.save(node, input);
    m.save(node, number);
    node.backward = (gradient) => [
      m.frame((frame) => {
        const half = frame.hold(divScalar(m, gradient));
        frame.hold(m.empty("eq", input.shape, "bool"));
        const shared = frame.hold(elementwiseOutput(m, "where", [half, gradient], gradient.dtype));
        frame.hold(m.empty(tag === "minimum" ? "gt" : "lt", input.shape, "bool"));
        return shared;
      }),
    ];
  }
  const output = elementwiseOutput(m, tag, [input], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}

/** `torch.sqrt(input)`: keeps its output; the gradient is `gradient / (2 * output)`. */
export function squareRoot(m: Machine, input: Tensor): Tensor {
  const node = m.track("SqrtBackward0", [input]);
  const output = elementwiseOutput(m, "sqrt", [input], input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, saved) => {
      const [root] = saved;
      if (root === undefined) throw new Error("sqrt saved nothing");
      return [div(m, gradient, mulScalar(m, root))];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/**
 * `torch.std(input, -1, keepdim=True, unbiased=False)`: keeps its input and its output.
 *
 * Source: torch csrc/autograd/FunctionsManual.cpp `std_backward`, `var_backward`.
 */
export function deviation(m: Machine, input: Tensor): Tensor {
  const node = m.track("StdBackward0", [input]);
  const shape = [...input.shape.slice(0, -1), 1];
  if (node !== undefined) m.save(node, input);
  const output = m.empty("std", shape, input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    const { shape: full } = input;
    node.backward = ({ dtype }) => [
      m.frame((frame) => {
        const twice = m.empty("mul", shape, dtype);
        frame.hold(m.empty("div", shape, dtype));
        m.consume(m.empty("eq", shape, "bool"));
        m.consume(twice);
        frame.hold(m.empty("mean", shape, dtype));
        frame.hold(m.empty("sub", full, dtype));
        frame.hold(m.empty("mul", shape, dtype));
        return m.empty("mul", full, dtype);
      }),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}
