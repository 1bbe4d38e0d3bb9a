/** Activation functions: fused kernels keep their input, compositions keep what each step keeps. */

import type { Activation } from "../../../graph/tree/forward.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat } from "./cast.js";
import { add, addScalar, elementwiseOutput, mul, mulScalar, pow } from "./elementwise.js";

/** Kernel that keeps its input; its gradient is one new tensor. */
function fused(m: Machine, tag: string, input: Tensor): Tensor {
  const node = m.track(`${tag}Backward0`, [input]);
  if (node !== undefined) {
    m.save(node, input);
    node.backward = (gradient, saved) => [
      elementwiseOutput(m, `${tag}_backward`, [gradient, ...saved], gradient.dtype),
    ];
  }
  const output = elementwiseOutput(m, tag, [input], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}

/** Kernel that keeps its output (tanh, relu). */
function fusedFromOutput(m: Machine, tag: string, gradientTag: string, input: Tensor): Tensor {
  const node = m.track(`${tag}Backward0`, [input]);
  const output = elementwiseOutput(m, tag, [input], input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, saved) => [
      elementwiseOutput(m, gradientTag, [gradient, ...saved], gradient.dtype),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}

export function tanh(m: Machine, input: Tensor): Tensor {
  return fusedFromOutput(m, "tanh", "tanh_backward", input);
}

export function sigmoid(m: Machine, input: Tensor): Tensor {
  return fusedFromOutput(m, "sigmoid", "sigmoid_backward", input);
}

export function softplus(m: Machine, input: Tensor): Tensor {
  return fused(m, "softplus", autocastToFloat(m, input));
}

/** `tensor.exp()`: its gradient is the product with the output. */
export function exp(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("ExpBackward0", [input]);
  const output = elementwiseOutput(m, "exp", [input], input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, saved) => [
      elementwiseOutput(m, "mul", [gradient, ...saved], gradient.dtype),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}

function relu(m: Machine, input: Tensor): Tensor {
  return fusedFromOutput(m, "relu", "threshold_backward", input);
}

/** `tensor.clamp(...)`: keeps its input; backward compares it with each bound. */
export function clamp(
  m: Machine,
  input: Tensor,
  bounds: readonly ("ge" | "le")[],
  name: "clamp" | "clamp_min" = "clamp",
): Tensor {
  const node = m.track("ClampBackward1", [input]);
  if (node !== undefined) {
    m.save(node, input);
    node.backward = (gradient) => {
      const zero = m.empty("scalar_tensor", [], gradient.dtype);
      const inside = bounds.map((tag) => m.empty(tag, gradient.shape, "bool"));
      const result = m.empty("where", gradient.shape, gradient.dtype);
      for (const each of [...inside, zero]) m.consume(each);
      return [result];
    };
  }
  const output = elementwiseOutput(m, name, [input], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}

/** `0.5 * x * (1 + tanh(c * (x + 0.044715 * x ** 3)))`, step by step as transformers' NewGELUActivation. */
function geluNew(m: Machine, input: Tensor): Tensor {
  const half = (): Tensor => mulScalar(m, input);
  return m.frame((frame) => {
    frame.hold(input);
    const left = frame.hold(half());
    const cubic = mulScalar(m, pow(m, input));
    const inner = mulScalar(m, add(m, input, cubic));
    return mul(m, left, addScalar(m, tanh(m, inner)));
  });
}

/** `torch.square(relu(x))`, which calls `pow`: under autocast that runs in fp32. */
function relu2(m: Machine, input: Tensor): Tensor {
  return m.frame((frame) => pow(m, frame.hold(relu(m, input))));
}

const ACTIVATIONS: Readonly<Record<Activation, (m: Machine, input: Tensor) => Tensor>> = {
  silu: (m, input) => fused(m, "silu", input),
  gelu: (m, input) => fused(m, "gelu", input),
  gelu_tanh: (m, input) => fused(m, "gelu", input),
  gelu_new: geluNew,
  relu,
  relu2,
  tanh,
};

export function activate(m: Machine, activation: Activation, input: Tensor): Tensor {
  return ACTIVATIONS[activation](m, input);
}
