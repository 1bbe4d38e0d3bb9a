/**
 * Elementwise operations: one output of the operands' common shape, and what each keeps for backward.
 *
 * Source: tools/autograd/derivatives.yaml and torch/csrc/autograd/FunctionsManual.cpp of torch 2.13; order of saving,
 * of gradients and of temporaries as traced.
 */

import type { Dtype } from "../../../units/dtype.js";
import { broadcastShape, elementwiseStrides, joinedStrides } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat, cast, promote, promoted } from "./cast.js";

/** New tensor for the result of an elementwise operation. */
export function elementwiseOutput(
  m: Machine,
  tag: string,
  operands: readonly Tensor[],
  dtype: Dtype,
): Tensor {
  const shape = broadcastShape(operands.map((operand) => operand.shape));
  return m.empty(tag, shape, dtype, elementwiseStrides(operands, shape));
}

export function add(m: Machine, left: Tensor, right: Tensor): Tensor {
  return sum(m, "add", left, right);
}

export function subtract(m: Machine, left: Tensor, right: Tensor): Tensor {
  return sum(m, "sub", left, right);
}

function sum(m: Machine, tag: "add" | "sub", left: Tensor, right: Tensor): Tensor {
  const node = m.track("AddBackward0", [left, right]);
  const output = elementwiseOutput(m, tag, [left, right], promoted(left, right));
  if (node !== undefined) {
    const needsLeft = left.requiresGrad;
    const needsRight = right.requiresGrad;
    node.backward = (gradient) => [
      needsLeft ? gradient : undefined,
      needsRight ? (tag === "sub" ? neg(m, gradient) : gradient) : undefined,
    ];
  }
  m.finish(node, [output], [left, right]);
  return output;
}

/** `tensor += other`: the sum lies where the tensor lay. */
export function addInPlace(m: Machine, input: Tensor, other: Tensor): Tensor {
  const node = m.track("AddBackward0", [input, other]);
  const output = m.alias(input);
  if (node !== undefined) {
    const [needsInput, needsOther] = [input.requiresGrad, other.requiresGrad];
    node.backward = (gradient) => [
      needsInput ? gradient : undefined,
      needsOther ? gradient : undefined,
    ];
  }
  m.finish(node, [output], [input, other]);
  return output;
}

/** `tensor /= number`. */
export function divInPlace(m: Machine, input: Tensor): Tensor {
  const node = m.track("DivBackward0", [input]);
  const output = m.alias(input);
  if (node !== undefined) node.backward = (gradient) => [divScalar(m, gradient)];
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor + number`. */
export function addScalar(m: Machine, input: Tensor, tag = "add"): Tensor {
  const node = m.track("AddBackward0", [input]);
  const output = elementwiseOutput(m, tag, [input], input.dtype);
  if (node !== undefined) node.backward = (gradient) => [gradient];
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor *= scale` for what needs no gradient: the product lies where the tensor lay. */
export function mulInPlace(m: Machine, input: Tensor, scale: Tensor): Tensor {
  const node = m.track("MulBackward0", [input]);
  if (node !== undefined) {
    m.save(node, scale);
    node.backward = (gradient, saved) => {
      const [factor] = saved;
      if (factor === undefined) throw new Error("mul saved nothing");
      return [mul(m, gradient, factor)];
    };
  }
  const output = m.alias(input);
  m.finish(node, [output], [input]);
  return output;
}

export function mul(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("MulBackward0", [left, right]);
  if (node !== undefined) {
    const needsLeft = left.requiresGrad;
    const needsRight = right.requiresGrad;
    if (needsLeft) m.save(node, right);
    if (needsRight) m.save(node, left);
    node.backward = (gradient, saved) => {
      const [first] = saved;
      const second = saved[1] ?? first;
      if (first === undefined || second === undefined) throw new Error("mul saved nothing");
      const gradRight = needsRight ? mul(m, gradient, second) : undefined;
      const gradLeft = needsLeft ? mul(m, gradient, first) : undefined;
      return [gradLeft, gradRight];
    };
  }
  const output = elementwiseOutput(m, "mul", [left, right], promoted(left, right));
  m.finish(node, [output], [left, right]);
  return output;
}

/** Keeps the divisor, and what is divided where the divisor needs a gradient. */
export function div(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("DivBackward0", [left, right]);
  if (node !== undefined) {
    const [needsLeft, needsRight] = [left.requiresGrad, right.requiresGrad];
    if (needsRight) m.save(node, left);
    m.save(node, right);
    node.backward = (gradient, saved) => {
      const divisor = saved.at(-1);
      const [divided] = saved;
      if (divisor === undefined || divided === undefined) throw new Error("div saved nothing");
      const ofRight = needsRight ? gradientOfDivisor(m, gradient, divided, divisor) : undefined;
      return [needsLeft ? div(m, gradient, divisor) : undefined, ofRight];
    };
  }
  const output = elementwiseOutput(m, "div", [left, right], promoted(left, right));
  m.finish(node, [output], [left, right]);
  return output;
}

/** `-gradient * ((divided / divisor) / divisor)`. */
export function gradientOfDivisor(
  m: Machine,
  gradient: Tensor,
  divided: Tensor,
  divisor: Tensor,
): Tensor {
  return m.frame((frame) => {
    const squared = frame.hold(div(m, frame.hold(div(m, divided, divisor)), divisor));
    return mul(m, frame.hold(neg(m, gradient)), squared);
  });
}

/** `tensor * number`: the number is not kept as a tensor. */
export function mulScalar(m: Machine, input: Tensor): Tensor {
  return scaled(m, "mul", input);
}

/** `tensor / number`. */
export function divScalar(m: Machine, input: Tensor): Tensor {
  return scaled(m, "div", input);
}

function scaled(m: Machine, tag: "mul" | "div", input: Tensor): Tensor {
  const node = m.track(tag === "mul" ? "MulBackward0" : "DivBackward0", [input]);
  const output = elementwiseOutput(m, tag, [input], input.dtype);
  if (node !== undefined) node.backward = (gradient) => [scaled(m, tag, gradient)];
  m.finish(node, [output], [input]);
  return output;
}

export function neg(m: Machine, input: Tensor): Tensor {
  const node = m.track("NegBackward0", [input]);
  const output = elementwiseOutput(m, "neg", [input], input.dtype);
  if (node !== undefined) node.backward = (gradient) => [neg(m, gradient)];
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor ** exponent` for a number; gradient `grad * (exponent * self ** (exponent - 1))`. */
export function pow(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("PowBackward0", [input]);
  if (node !== undefined) {
    m.save(node, input);
    node.backward = (gradient, saved) => {
      const [self] = saved;
      if (self === undefined) throw new Error("pow saved nothing");
      return [
        m.frame((frame) => {
          const power = frame.hold(elementwiseOutput(m, "pow", [self], self.dtype));
          const factor = frame.hold(mulScalar(m, power));
          return mul(m, gradient, factor);
        }),
      ];
    };
  }
  const output = elementwiseOutput(m, "pow", [input], input.dtype);
  m.finish(node, [output], [input]);
  return output;
}

/** Gradient `-0.5 * grad * result ** 3`. */
export function rsqrt(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("RsqrtBackward0", [input]);
  const output = elementwiseOutput(m, "rsqrt", [input], input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, saved) => {
      const [result] = saved;
      if (result === undefined) throw new Error("rsqrt saved nothing");
      return [
        m.frame((frame) => {
          const cube = frame.hold(elementwiseOutput(m, "pow", [result], result.dtype));
          const half = frame.hold(mulScalar(m, gradient));
          return mul(m, half, cube);
        }),
      ];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/**
 * `torch.cat` of tensors along a dimension; the gradient is cut into views. Under autocast the narrower ones are cast first.
 *
 * Source: aten/src/ATen/autocast_mode.h, `AT_FORALL_PROMOTE`.
 */
export function cat(m: Machine, given: readonly Tensor[], dim: number): Tensor {
  if (m.autocast.dtype === undefined) return joined(m, given, dim);
  return m.frame((frame) => {
    const widest = given.map(({ dtype }) => dtype).reduce(promote);
    // What has it already is passed on as it is.
    const inputs = given.map((x) => (x.dtype === widest ? x : frame.hold(cast(m, x, widest))));
    return joined(m, inputs, dim);
  });
}

function joined(m: Machine, inputs: readonly Tensor[], dim: number): Tensor {
  const node = m.track("CatBackward0", inputs);
  const [first] = inputs;
  if (first === undefined) throw new Error("cat needs tensors");
  const at = dim < 0 ? dim + first.shape.length : dim;
  const total = inputs.reduce((sum, input) => sum + input.size(at), 0);
  const shape = first.shape.map((size, index) => (index === at ? total : size));
  const dtype = inputs.map((input) => input.dtype).reduce(promote);
  const output = m.empty("cat", shape, dtype, joinedStrides(inputs, shape));
  if (node !== undefined) {
    const shapes = inputs.map((input) => (input.requiresGrad ? input.shape : undefined));
    node.backward = (gradient) =>
      shapes.map((part) =>
        part === undefined ? undefined : m.alias(gradient, part, gradient.strides),
      );
  }
  m.finish(node, [output], inputs);
  return output;
}

/** `torch.stack(inputs, dim=-1)` of equal tensors; the gradient is unbound into views. */
export function stackLast(m: Machine, inputs: readonly Tensor[]): Tensor {
  const node = m.track("StackBackward0", inputs);
  const [first] = inputs;
  if (first === undefined) throw new Error("stack needs tensors");
  const { shape, dtype } = first;
  const output = m.empty("stack", [...shape, inputs.length], dtype);
  if (node !== undefined) {
    node.backward = (gradient) =>
      inputs.map(() => m.alias(gradient, shape, gradient.strides.slice(0, -1)));
  }
  m.finish(node, [output], inputs);
  return output;
}

/** Operations on a scalar or a table that only matter by their output: exp, cos, sin, eq, ne, arange, … */
export function pointwise(
  m: Machine,
  tag: string,
  inputs: readonly Tensor[],
  dtype: Dtype,
): Tensor {
  const output = elementwiseOutput(m, tag, inputs, dtype);
  for (const input of inputs) m.consume(input);
  return output;
}
