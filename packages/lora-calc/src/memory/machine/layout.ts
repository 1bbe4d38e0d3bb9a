/**
 * Shapes and strides as PyTorch computes them. Strides decide where a `reshape` can be a view and where it must copy,
 * so a wrong stride is a wrong allocation.
 */

import { missing } from "../../problem/missing.js";

export type Shape = readonly number[];

/** Strides of a dense row-major tensor. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim -= 1) {
    strides[dim] = stride;
    stride *= Math.max(shape[dim] ?? 1, 1);
  }
  return strides;
}

/** Whether the elements lie in row-major order without gaps (dimensions of size 1 may have any stride). */
export function isContiguous(shape: Shape, strides: Shape): boolean {
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim -= 1) {
    const size = shape[dim] ?? 1;
    if (size === 1) continue;
    if (strides[dim] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** Whether a (batch, heads, length, dim) tensor lies in memory as (batch, length, heads, dim), without gaps. */
export function isLengthMajor(shape: Shape, strides: Shape): boolean {
  const swapped = (values: Shape): Shape => [0, 2, 1, 3].map((dim) => values[dim] ?? 1);
  return isContiguous(swapped(shape), swapped(strides));
}

/** Strides of what is joined: row by row, unless all parts lie channels last. Source: torch 2.13 native/TensorShape.cpp `cat`. */
export function joinedStrides(parts: readonly Operand[], shape: Shape): number[] {
  if (shape.length !== 4 || !parts.every(isChannelsLast)) return contiguousStrides(shape);
  const [, channels = 1, height = 1, width = 1] = shape;
  return [channels * height * width, 1, channels * width, channels];
}

/** Source: torch 2.13 c10/core/MemoryFormat.h `is_channels_last_strides_2d_s4`. */
function isChannelsLast({ shape, strides }: Operand): boolean {
  if (strides[1] === 0) return false;
  let least = 0;
  for (const dim of [1, 3, 2, 0]) {
    const [size = 1, stride = 1] = [shape[dim], strides[dim]];
    if (size === 0 || stride < least || (dim === 0 && least === strides[1])) return false;
    least = size > 1 ? stride * size : stride;
  }
  return true;
}

/** The next multiple. */
export function ceilTo(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

export function sameShape(left: Shape, right: Shape): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let dim = 0; dim < left.length; dim += 1) if (left[dim] !== right[dim]) return false;
  return true;
}

/** Shape of the result of an elementwise operation on operands of these shapes. */
export function broadcastShape(shapes: readonly Shape[]): Shape {
  const first = shapes[0] ?? [];
  if (shapes.every((shape) => sameShape(shape, first))) return first;
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    shape.forEach((size, dim) => {
      if (size !== 1) result[offset + dim] = size;
    });
  }
  return result;
}

/** Strides of a tensor seen as `shape`: 0 in every broadcast dimension. */
export function expandedStrides(from: Shape, strides: Shape, shape: Shape): number[] {
  const offset = shape.length - from.length;
  return shape.map((size, dim) => {
    const own = dim - offset;
    if (own < 0) return 0;
    return from[own] === size ? (strides[own] ?? missing()) : 0;
  });
}

/** Whether the elements fill their memory without gaps, in some order of the dimensions. */
export function isDense(shape: Shape, strides: Shape): boolean {
  const steps = shape
    .map((size, dim) => ({ size, stride: strides[dim] ?? 0 }))
    .filter(({ size }) => size !== 1)
    .sort((left, right) => left.stride - right.stride);
  let expected = 1;
  return steps.every(({ size, stride }) => {
    const fits = stride === expected;
    expected *= size;
    return fits;
  });
}

interface Operand {
  readonly shape: Shape;
  readonly strides: Shape;
}

/**
 * Strides of a new tensor that an elementwise operation writes: the operands' order of dimensions, without gaps.
 *
 * Source: aten/src/ATen/TensorIterator.cpp, `reorder_dimensions` and `allocate_or_resize_outputs`.
 */
export function elementwiseStrides(operands: readonly Operand[], shape: Shape): number[] {
  if (operands.every((it) => sameShape(it.shape, shape) && isContiguous(it.shape, it.strides))) {
    return contiguousStrides(shape);
  }
  const expanded = operands.map((it) => expandedStrides(it.shape, it.strides, shape));
  const order = fastestFirst(expanded, shape);
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (const dim of order) {
    strides[dim] = stride;
    stride *= Math.max(shape[dim] ?? 1, 1);
  }
  return strides;
}

/** Dimensions from the fastest moving to the slowest, by insertion sort that keeps ambiguous pairs in place. */
function fastestFirst(operands: readonly Shape[], shape: Shape): number[] {
  const order = shape.map((_, dim) => shape.length - 1 - dim);
  for (let start = 1; start < order.length; start += 1) {
    let moving = start;
    for (let other = start - 1; other >= 0; other -= 1) {
      const comparison = compareDims(
        operands,
        shape,
        order[other] ?? missing(),
        order[moving] ?? missing(),
      );
      if (comparison < 0) break;
      if (comparison > 0) {
        [order[other], order[moving]] = [order[moving] ?? missing(), order[other] ?? missing()];
        moving = other;
      }
    }
  }
  return order;
}

/** Positive when `first` must come after `second`, negative when before, 0 when no operand tells. */
function compareDims(
  operands: readonly Shape[],
  shape: Shape,
  first: number,
  second: number,
): number {
  for (const strides of operands) {
    const left = strides[first] ?? missing();
    const right = strides[second] ?? missing();
    if (left === 0 || right === 0) continue;
    if (left !== right) return left - right;
    if ((shape[first] ?? missing()) > (shape[second] ?? missing())) return 1;
  }
  return 0;
}

/** Strides of the same elements in a new shape, or undefined where that needs a copy. Source: `computeStride`. */
export function viewStrides(from: Shape, strides: Shape, to: Shape): number[] | undefined {
  // Nothing lies anywhere: any shape without elements is a view.
  if (from.includes(0)) return contiguousStrides(to);
  const result = new Array<number>(to.length).fill(1);
  let target = to.length - 1;
  let chunkStride = strides.at(-1) ?? 1;
  let fromSize = 1;
  let toSize = 1;
  for (let dim = from.length - 1; dim >= 0; dim -= 1) {
    fromSize *= from[dim] ?? 1;
    const joinsNext =
      dim > 0 && ((from[dim - 1] ?? 1) === 1 || strides[dim - 1] === fromSize * chunkStride);
    if (joinsNext) continue;
    while (target >= 0 && (toSize < fromSize || to[target] === 1)) {
      result[target] = toSize * chunkStride;
      toSize *= to[target] ?? 1;
      target -= 1;
    }
    if (toSize !== fromSize) return undefined;
    if (dim > 0) {
      chunkStride = strides[dim - 1] ?? 1;
      fromSize = 1;
      toSize = 1;
    }
  }
  return target === -1 ? result : undefined;
}
