/** Matrix products. Frozen weights keep nothing of the input; trainable ones keep it. */

import { isContiguous } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Node, Tensor } from "../tensor.js";
import { autocastToHalf } from "./cast.js";
import { addInPlace, mulScalar } from "./elementwise.js";
import { contiguous, expand, reshape, t, transpose, view } from "./views.js";

/**
 * `F.linear(input, weight, bias)` for an input of any rank: (…, in) · (out, in)ᵀ.
 *
 * Source: aten/src/ATen/native/Linear.cpp: a 3-D contiguous input with bias is flattened and then multiplied
 * (`_flatten_nd_linear`); without bias it is `matmul(input, weight.t())`, which flattens after the transposition. The
 * order decides which of the two the backward pass reaches first.
 */
export function linear(m: Machine, given: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(given);
    frame.hold(weight);
    // Autocast casts the arguments from the last to the first.
    const offset = bias === undefined ? undefined : frame.hold(autocastToHalf(m, bias));
    const matrix = frame.hold(autocastToHalf(m, weight));
    const input = frame.hold(autocastToHalf(m, given));
    const shape = [...input.shape.slice(0, -1), matrix.size(0)];
    if (!isFolded(input, matrix)) return unfoldedProduct(m, input, { matrix, offset });
    const rowsOf = (): Tensor =>
      input.shape.length === 2 ? input : reshape(m, input, [-1, input.size(-1)]);
    const product =
      offset === undefined
        ? transposedFirst(m, matrix, rowsOf)
        : addmm(m, offset, rowsOf(), t(m, matrix));
    return input.shape.length === 2 ? product : view(m, product, shape);
  });
}

/**
 * Whether a product folds the leading dimensions of its left factor into rows: where that is a view, or where a trainable
 * right factor would get a gradient per sample.
 *
 * Source: torch 2.13 aten/src/ATen/native/LinearAlgebra.cpp `should_fold`.
 */
function isFolded({ shape, strides }: Tensor, right: Tensor): boolean {
  if (shape.length < 3 || right.requiresGrad) return true;
  return shape
    .slice(0, -2)
    .every((_, dim) => strides[dim] === (strides[dim + 1] ?? 1) * (shape[dim + 1] ?? 1));
}

interface Weights {
  readonly matrix: Tensor;
  readonly offset: Tensor | undefined;
}

/** `matmul(input, matrix.t())` per sample, and the bias added to it in place. */
function unfoldedProduct(m: Machine, input: Tensor, { matrix, offset }: Weights): Tensor {
  const [columns = 1, inner = 1] = matrix.shape;
  const wide = expand(m, t(m, matrix), [...input.shape.slice(0, -2), inner, columns]);
  const product = bmm(m, input, wide);
  return offset === undefined ? product : addInPlace(m, product, offset);
}

/**
 * `torch.matmul(matrix, batch)`: (rows, inner) · (b, inner, columns) → (b, rows, columns). A trainable matrix is multiplied with
 * the columns of all samples at once, and the product is turned and copied.
 */
export function matrixTimes(m: Machine, givenMatrix: Tensor, given: Tensor): Tensor {
  return m.frame((frame) => {
    const batch = frame.hold(autocastToHalf(m, given));
    const matrix = frame.hold(autocastToHalf(m, givenMatrix));
    const [samples = 1, inner = 1, columns = 1] = batch.shape;
    if (!matrix.requiresGrad) {
      return bmm(m, expand(m, matrix, [samples, ...matrix.shape]), batch);
    }
    const rows = reshape(m, transpose(m, batch, 1, 2), [-1, inner]);
    const product = view(m, mm(m, rows, t(m, matrix)), [samples, columns, -1]);
    return contiguous(m, transpose(m, product, 1, 2));
  });
}

function transposedFirst(m: Machine, matrix: Tensor, rowsOf: () => Tensor): Tensor {
  const right = t(m, matrix);
  return mm(m, rowsOf(), right);
}

/** `torch.matmul` of (…, inner) with a matrix (inner, columns): the leading dimensions are folded into rows. */
export function matmul(m: Machine, left: Tensor, right: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(left);
    frame.hold(right);
    const second = frame.hold(autocastToHalf(m, right));
    const first = frame.hold(autocastToHalf(m, left));
    const product = mm(m, reshape(m, first, [-1, first.size(-1)]), second);
    return view(m, product, [...first.shape.slice(0, -1), second.size(-1)]);
  });
}

/** (rows, inner) · (inner, columns). */
export function mm(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("MmBackward0", [left, right]);
  if (node !== undefined) saveFactors(m, node, [left, right], mm);
  const output = m.empty("mm", [left.size(0), right.size(1)], left.dtype);
  m.finish(node, [output], [left, right]);
  return output;
}

/** `bias + left · right`; inputs in PyTorch's order. */
export function addmm(m: Machine, bias: Tensor, left: Tensor, right: Tensor): Tensor {
  const node = m.track("AddmmBackward0", [bias, left, right]);
  if (node !== undefined) {
    const needsBias = bias.requiresGrad;
    const { ofLeft, ofRight } = saveFactors(m, node, [left, right], mm);
    node.backward = (gradient, saved) => {
      const gradLeft = ofLeft(gradient, saved);
      const gradRight = ofRight(gradient, saved);
      return [needsBias ? gradient : undefined, gradLeft, gradRight];
    };
  }
  const output = m.empty("addmm", [left.size(0), right.size(1)], left.dtype);
  m.finish(node, [output], [bias, left, right]);
  return output;
}

/** `torch.bmm(left, right)`: arguments are cast from right to left. */
export function batchedProduct(m: Machine, left: Tensor, right: Tensor): Tensor {
  return m.frame((frame) => {
    const second = frame.hold(autocastToHalf(m, right));
    const first = frame.hold(autocastToHalf(m, left));
    return bmm(m, first, second);
  });
}

/** (batch, rows, inner) · (batch, inner, columns). */
function bmm(m: Machine, left: Tensor, right: Tensor): Tensor {
  const node = m.track("BmmBackward0", [left, right]);
  if (node !== undefined) saveFactors(m, node, [left, right], bmm);
  const output = m.empty("bmm", [left.size(0), left.size(1), right.size(2)], left.dtype);
  m.finish(node, [output], [left, right]);
  return output;
}

/**
 * `torch.baddbmm(base, left, right, alpha=scaling)`: base + scaling · left · right per batch, without the product as a tensor
 * of its own. The base is frozen. A scaling of 1 costs backward nothing.
 */
export function baddbmm(m: Machine, base: Tensor, [left, right]: Factors, scaling: number): Tensor {
  if (base.requiresGrad) throw new Error("baddbmm on a base that needs a gradient is not modelled");
  const node = m.track("BaddbmmBackward0", [base, left, right]);
  if (node !== undefined) {
    m.save(node, right);
    m.save(node, left);
    const scaled = (product: Tensor): Tensor => (scaling === 1 ? product : mulScalar(m, product));
    node.backward = (gradient, [keptRight, keptLeft]) => {
      if (keptRight === undefined || keptLeft === undefined)
        throw new Error("baddbmm kept nothing");
      const ofLeft = scaled(bmm(m, gradient, transpose(m, keptRight, -2, -1)));
      const ofRight = scaled(bmm(m, transpose(m, keptLeft, -2, -1), gradient));
      return [undefined, ofLeft, ofRight];
    };
  }
  const output = m.empty("baddbmm", base.shape, base.dtype);
  m.finish(node, [output], [base, left, right]);
  return output;
}

type Factors = readonly [left: Tensor, right: Tensor];
type Product = (m: Machine, left: Tensor, right: Tensor) => Tensor;
type FactorGradient = (gradient: Tensor, saved: readonly Tensor[]) => Tensor | undefined;

/** Keeps each factor whose partner needs a gradient; the gradient of the right factor is made first. */
function saveFactors(
  m: Machine,
  node: Node,
  [left, right]: Factors,
  product: Product,
): { readonly ofLeft: FactorGradient; readonly ofRight: FactorGradient } {
  const needsLeft = left.requiresGrad;
  const needsRight = right.requiresGrad;
  // Only `mm_mat2_backward` asks; `bmm` multiplies from the left whatever the layout.
  const rightIsColumnMajor = product === mm && !isContiguous(right.shape, right.strides);
  if (needsLeft) m.save(node, right);
  if (needsRight) m.save(node, left);
  const ofRight: FactorGradient = (gradient, saved) => {
    const kept = saved[needsLeft ? 1 : 0];
    if (!needsRight || kept === undefined) return undefined;
    return rightGradient(m, product, [gradient, kept], rightIsColumnMajor);
  };
  const ofLeft: FactorGradient = (gradient, [kept]) =>
    needsLeft && kept !== undefined ? product(m, gradient, transpose(m, kept, -2, -1)) : undefined;
  node.backward = (gradient, saved) => {
    const gradRight = ofRight(gradient, saved);
    return [ofLeft(gradient, saved), gradRight];
  };
  return { ofLeft, ofRight };
}

/** Gradient of the right factor, in the memory order of that factor, so that a weight can take it over as it is. */
function rightGradient(
  m: Machine,
  product: Product,
  [gradient, left]: readonly [Tensor, Tensor],
  columnMajor: boolean,
): Tensor {
  if (!columnMajor) return product(m, transpose(m, left, -2, -1), gradient);
  return transpose(m, product(m, transpose(m, gradient, -2, -1), left), -2, -1);
}

/** `torch.matmul` of two 4-D tensors, the right one perhaps of one head: both are brought to (batch · heads, …), which may copy, and multiplied there. */
export function batchedMatmul(m: Machine, left: Tensor, right: Tensor): Tensor {
  return m.frame((frame) => {
    const second = frame.hold(autocastToHalf(m, right));
    const first = frame.hold(autocastToHalf(m, left));
    const shape = [...first.shape.slice(0, -1), second.size(-1)];
    const rows = reshape(m, first, [-1, first.size(-2), first.size(-1)]);
    const wide = expand(m, second, [...first.shape.slice(0, -2), ...second.shape.slice(-2)]);
    const columns = reshape(m, wide, [-1, second.size(-2), second.size(-1)]);
    return view(m, bmm(m, rows, columns), shape);
  });
}

/**
 * `bias.baddbmm(left, right)`, the bias without history: one product with the bias in it; each gradient is a product and its
 * multiple.
 */
export function addedProduct(
  m: Machine,
  givenBias: Tensor,
  [givenLeft, givenRight]: readonly [Tensor, Tensor],
): Tensor {
  return m.frame((frame) => {
    // Arguments are cast from right to left.
    const right = frame.hold(autocastToHalf(m, givenRight));
    const left = frame.hold(autocastToHalf(m, givenLeft));
    frame.hold(autocastToHalf(m, givenBias));
    const node = m.track("BaddbmmBackward0", [left, right]);
    if (node !== undefined) {
      const [needsLeft, needsRight] = [left.requiresGrad, right.requiresGrad];
      if (needsLeft) m.save(node, right);
      if (needsRight) m.save(node, left);
      const [leftShape, rightShape] = [left.shape, right.shape];
      node.backward = (gradient) => {
        const made = (shape: Shape): Tensor => mulScalar(m, m.empty("bmm", shape, gradient.dtype));
        const ofLeft = needsLeft ? made(leftShape) : undefined;
        const ofRight = needsRight ? made(rightShape) : undefined;
        return [ofLeft, ofRight];
      };
    }
    const shape = [...left.shape.slice(0, -1), right.size(-1)];
    const output = m.empty("baddbmm", shape, left.dtype);
    m.finish(node, [output], [left, right]);
    return output;
  });
}
