/** Tensors that share the storage of another one, and the copies that are needed where sharing is impossible. */

import { isContiguous, sameShape, viewStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { sumToShape } from "./reduce.js";
import { missing } from "../../../problem/missing.js";

/** `tensor.view(shape)`; also `_unsafe_view`. One size may be -1. */
export function view(m: Machine, input: Tensor, sizes: Shape): Tensor {
  const shape = inferShape(input, sizes);
  const strides = viewStrides(input.shape, input.strides, shape);
  if (strides === undefined) throw new Error(`cannot view [${input.shape}] as [${shape}]`);
  return viewAs(m, input, shape, strides);
}

/** `tensor.reshape(shape)`: a view where the strides allow it, otherwise a copy. */
export function reshape(m: Machine, input: Tensor, sizes: Shape): Tensor {
  const shape = inferShape(input, sizes);
  const strides = viewStrides(input.shape, input.strides, shape);
  return strides === undefined ? view(m, clone(m, input), shape) : viewAs(m, input, shape, strides);
}

function viewAs(m: Machine, input: Tensor, shape: Shape, strides: Shape): Tensor {
  const from = input.shape;
  return viewNode(m, "ViewBackward0", input, {
    shape,
    strides,
    backward: (gradient) => reshape(m, gradient, from),
  });
}

export function transpose(m: Machine, input: Tensor, first: number, second: number): Tensor {
  const shape = swap(input.shape, first, second);
  const strides = swap(input.strides, first, second);
  return viewNode(m, "TransposeBackward0", input, {
    shape,
    strides,
    backward: (gradient) => transpose(m, gradient, first, second),
  });
}

/** `tensor.permute(order)`. */
export function permute(m: Machine, input: Tensor, order: readonly number[]): Tensor {
  const pick = (values: Shape): number[] => order.map((dim) => values[dim] ?? missing());
  const back = order.map((_, dim) => order.indexOf(dim));
  return viewNode(m, "PermuteBackward0", input, {
    shape: pick(input.shape),
    strides: pick(input.strides),
    backward: (gradient) => permute(m, gradient, back),
  });
}

/** `weight.t()` of a matrix. */
export function t(m: Machine, input: Tensor): Tensor {
  return transpose(m, input, 0, 1);
}

export function unsqueeze(m: Machine, input: Tensor, dim: number): Tensor {
  const at = dim < 0 ? dim + input.shape.length + 1 : dim;
  const shape = [...input.shape.slice(0, at), 1, ...input.shape.slice(at)];
  const stride = (input.shape[at] ?? 1) * (input.strides[at] ?? 1);
  const strides = [...input.strides.slice(0, at), stride, ...input.strides.slice(at)];
  const from = input.shape;
  return viewNode(m, "UnsqueezeBackward0", input, {
    shape,
    strides,
    backward: (gradient) => view(m, gradient, from),
  });
}

/**
 * Elements `start` to `end` of one dimension; the gradient is a full tensor with zeros around. A slice of everything is
 * the tensor itself.
 */
export function slice(
  m: Machine,
  input: Tensor,
  dim: number,
  [start, end]: readonly [number, number],
): Tensor {
  const at = dim < 0 ? dim + input.shape.length : dim;
  return start === 0 && end === input.shape[at] ? input : cut(m, input, at, end - start);
}

/** `tensor[..., :all]`: a view with history of its own. */
export function aliasOf(m: Machine, input: Tensor): Tensor {
  const { shape, strides } = input;
  return viewNode(m, "AliasBackward0", input, { shape, strides, backward: (gradient) => gradient });
}

/** The last elements of a dimension, as `tensor[:, -count:]`: a view with history of its own, even of everything. */
export function lastOf(m: Machine, input: Tensor, dim: number, count: number): Tensor {
  return cut(m, input, dim, count);
}

function cut(m: Machine, input: Tensor, dim: number, count: number): Tensor {
  const full = input.shape;
  return viewNode(m, "SliceBackward0", input, {
    shape: full.map((size, index) => (index === dim ? count : size)),
    strides: input.strides,
    backward: (gradient) => padded(m, gradient, full),
  });
}

/** One index of a dimension; the gradient is a full tensor with zeros around. */
export function select(m: Machine, input: Tensor, dim: number): Tensor {
  const full = input.shape;
  const at = dim < 0 ? dim + full.length : dim;
  const without = (values: Shape): Shape => values.filter((_, index) => index !== at);
  return viewNode(m, "SelectBackward0", input, {
    shape: without(full),
    strides: without(input.strides),
    backward: (gradient) => {
      const whole = m.empty("select_backward", full, gradient.dtype);
      m.consume(gradient);
      return whole;
    },
  });
}

/** `tensor[..., start::2]`; the gradient is a full tensor with zeros between. */
export function everySecond(m: Machine, input: Tensor, start: 0 | 1): Tensor {
  const full = input.shape;
  const shape = [...full.slice(0, -1), Math.ceil((input.size(-1) - start) / 2)];
  const strides = [...input.strides.slice(0, -1), 2 * (input.strides.at(-1) ?? 1)];
  return viewNode(m, "SliceBackward0", input, {
    shape,
    strides,
    backward: (gradient) => padded(m, gradient, full),
  });
}

function padded(m: Machine, gradient: Tensor, shape: Shape): Tensor {
  const whole = m.empty("slice_backward", shape, gradient.dtype);
  m.consume(gradient);
  return whole;
}

/** `F.pad` of the last dimension to a width; the gradient is cut and copied. */
export function padLast(m: Machine, input: Tensor, width: number): Tensor {
  const node = m.track("ConstantPadNdBackward0", [input]);
  const { shape, dtype } = input;
  const output = m.empty("constant_pad_nd", [...shape.slice(0, -1), width], dtype);
  if (node !== undefined) {
    node.backward = (gradient) => {
      const copy = m.empty("constant_pad_nd", shape, gradient.dtype);
      m.consume(gradient);
      return [copy];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/** Part of a gradient, without history. */
export function narrow(m: Machine, input: Tensor, dim: number, size: number): Tensor {
  const shape = input.shape.map((old, index) => (index === dim ? size : old));
  const part = m.alias(input, shape, input.strides);
  m.consume(input);
  return part;
}

/** `tensor.expand(shape)`: repeated elements share memory; the gradient is their sum. */
export function expand(m: Machine, input: Tensor, shape: Shape): Tensor {
  if (sameShape(input.shape, shape)) return input;
  const from = input.shape;
  const offset = shape.length - from.length;
  const strides = shape.map((size, dim) =>
    from[dim - offset] === size ? (input.strides[dim - offset] ?? missing()) : 0,
  );
  return viewNode(m, "ExpandBackward0", input, {
    shape,
    strides,
    backward: (gradient) => sumToShape(m, gradient, from),
  });
}

/** `tensor.contiguous()`: itself when it already is. */
export function contiguous(m: Machine, input: Tensor): Tensor {
  return isContiguous(input.shape, input.strides) ? input : clone(m, input);
}

/** A row-major copy. */
function clone(m: Machine, input: Tensor): Tensor {
  const node = m.track("CloneBackward0", [input]);
  const output = m.empty("clone", input.shape, input.dtype);
  if (node !== undefined) node.backward = (gradient) => [gradient];
  m.finish(node, [output], [input]);
  return output;
}

/** A copy with the same order of elements in memory, as `clone()` without arguments makes. */
export function cloneAsIs(m: Machine, input: Tensor): Tensor {
  const node = m.track("CloneBackward0", [input]);
  const output = m.empty("clone", input.shape, input.dtype, input.strides);
  if (node !== undefined) node.backward = (gradient) => [gradient];
  m.finish(node, [output], [input]);
  return output;
}

/** `tensor.unbind(dim)`: views; the gradient stacks them again. */
export function unbind(m: Machine, input: Tensor, dim: number): readonly Tensor[] {
  const node = m.track("UnbindBackward0", [input]);
  const full = input.shape;
  const at = dim < 0 ? dim + full.length : dim;
  const without = (values: Shape): Shape => values.filter((_, index) => index !== at);
  const outputs = Array.from({ length: full[at] ?? 0 }, () =>
    m.alias(input, without(full), without(input.strides)),
  );
  if (node !== undefined) {
    node.backward = (gradient, _, all) => {
      const zeros = all.map((part) =>
        part === undefined ? m.empty("zeros", without(full), gradient.dtype) : undefined,
      );
      const stacked = m.empty("stack", full, gradient.dtype);
      for (const each of zeros) if (each !== undefined) m.consume(each);
      return [stacked];
    };
  }
  m.finish(node, outputs, [input]);
  return outputs;
}

interface Seen {
  readonly shape: Shape;
  readonly strides: Shape;
  readonly backward: (gradient: Tensor) => Tensor;
}

function viewNode(
  m: Machine,
  name: string,
  input: Tensor,
  { shape, strides, backward }: Seen,
): Tensor {
  const node = m.track(name, [input]);
  const output = m.alias(input, shape, strides);
  if (node !== undefined) node.backward = (gradient) => [backward(gradient)];
  m.finish(node, [output], [input]);
  return output;
}

function inferShape(input: Tensor, sizes: Shape): Shape {
  if (!sizes.includes(-1)) return sizes;
  const total = input.shape.reduce((product, size) => product * size, 1);
  const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
  return sizes.map((size) => (size === -1 ? total / known : size));
}

function swap(values: Shape, first: number, second: number): number[] {
  const result = values.slice();
  const left = first < 0 ? first + values.length : first;
  const right = second < 0 ? second + values.length : second;
  result[left] = values[right] ?? missing();
  result[right] = values[left] ?? missing();
  return result;
}
