/** Matrix products. Frozen weights keep nothing of the input; trainable ones keep it. */

import { isContiguous } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Node } from "../node.js";
import type { Tensor } from "../tensor.js";
import { autocastToHalf } from "./cast.js";
import { reshape, t, transpose, view } from "./views.js";

/**
 * `F.linear(input, weight, bias)` for an input of any rank: (…, in) · (out, in)ᵀ.
 *
 * Source: aten/src/ATen/native/Linear.cpp (a 3-D contiguous input with bias is flattened into addmm).
 */
export function linear(m: Machine, given: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return m.frame((frame) => {
    const input = frame.hold(autocastToHalf(m, given));
    const matrix = frame.hold(autocastToHalf(m, weight));
    const offset = bias === undefined ? undefined : frame.hold(autocastToHalf(m, bias));
    const shape = [...input.shape.slice(0, -1), matrix.size(0)];
    const rows = input.shape.length === 2 ? input : reshape(m, input, [-1, input.size(-1)]);
    const product =
      offset === undefined ? mm(m, rows, t(m, matrix)) : addmm(m, offset, rows, t(m, matrix));
    return input.shape.length === 2 ? product : view(m, product, shape);
  });
}

/** (rows, inner) · (inner, columns). */
export function mm(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("MmBackward0", [left, right]);
  if (node !== undefined) saveFactors(m, node, left, right, mm);
  const output = m.empty("mm", [left.size(0), right.size(1)], left.dtype);
  m.finish(node, [output], [left, right]);
  return output;
}

/** `bias + left · right`; inputs in PyTorch's order. */
export function addmm(m: Machine, bias: Tensor, left: Tensor, right: Tensor): Tensor {
  const node = m.track("AddmmBackward0", [bias, left, right]);
  if (node !== undefined) {
    const needsBias = bias.requiresGrad;
    const factors = saveFactors(m, node, left, right, mm);
    node.backward = (gradient, saved) => {
      const [gradLeft, gradRight] = factors(gradient, saved);
      return [needsBias ? gradient : undefined, gradLeft, gradRight];
    };
  }
  const output = m.empty("addmm", [left.size(0), right.size(1)], left.dtype);
  m.finish(node, [output], [bias, left, right]);
  return output;
}

/** (batch, rows, inner) · (batch, inner, columns). */
export function bmm(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("BmmBackward0", [left, right]);
  if (node !== undefined) saveFactors(m, node, left, right, bmm);
  const output = m.empty("bmm", [left.size(0), left.size(1), right.size(2)], left.dtype);
  m.finish(node, [output], [left, right]);
  return output;
}

type Product = (m: Machine, left: Tensor, right: Tensor) => Tensor;
type FactorGradients = (
  gradient: Tensor,
  saved: readonly Tensor[],
) => readonly [Tensor | undefined, Tensor | undefined];

/** Keeps each factor whose partner needs a gradient, and makes the two gradient products. */
function saveFactors(
  m: Machine,
  node: Node,
  left: Tensor,
  right: Tensor,
  product: Product,
): FactorGradients {
  const needsLeft = left.requiresGrad;
  const needsRight = right.requiresGrad;
  const rightIsColumnMajor = !isContiguous(right.shape, right.strides);
  if (needsLeft) m.save(node, right);
  if (needsRight) m.save(node, left);
  const factors: FactorGradients = (gradient, saved) => {
    const [first] = saved;
    const second = saved[1] ?? first;
    if (first === undefined || second === undefined) throw new Error("a product saved nothing");
    const gradRight = needsRight
      ? rightGradient(m, product, gradient, second, rightIsColumnMajor)
      : undefined;
    const gradLeft = needsLeft ? product(m, gradient, transpose(m, first, -2, -1)) : undefined;
    return [gradLeft, gradRight];
  };
  node.backward = factors;
  return factors;
}

/** Gradient of the right factor, in the memory order of that factor, so that a weight can take it over as it is. */
function rightGradient(
  m: Machine,
  product: Product,
  gradient: Tensor,
  left: Tensor,
  columnMajor: boolean,
): Tensor {
  if (!columnMajor) return product(m, transpose(m, left, -2, -1), gradient);
  return transpose(m, product(m, transpose(m, gradient, -2, -1), left), -2, -1);
}
