/** What runs over time: sums of all before, and triangular systems. */

import { contiguousStrides, elementwiseStrides } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat } from "./cast.js";
import { neg } from "./elementwise.js";
import { batchedMatmul } from "./matmul.js";
import { transpose } from "./views.js";

/** `tensor.cumsum(dim)`: the gradient is summed from the other end. */
export function cumsum(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("CumsumBackward0", [input]);
  const { shape, dtype } = input;
  const output = m.empty("cumsum", shape, dtype);
  if (node !== undefined) {
    node.backward = (gradient) => [
      m.frame((frame) => {
        frame.hold(m.empty("flip", shape, gradient.dtype));
        frame.hold(m.empty("cumsum", shape, gradient.dtype));
        return m.empty("flip", shape, gradient.dtype);
      }),
    ];
  }
  m.finish(node, [output], [input]);
  return output;
}

/**
 * `torch.linalg.solve_triangular(system, right, upper=False, unitriangular=True)`: (…, n, n) and (…, n, k) → (…, n, k), which
 * lies column by column.
 *
 * Source: torch 2.13 torch/_meta_registrations.py `linalg_solve_triangular_meta`, FunctionsManual.cpp
 * `linalg_solve_triangular_backward`.
 */
export function solveTriangular(m: Machine, system: Tensor, right: Tensor): Tensor {
  const node = m.track("LinalgSolveTriangularBackward0", [system, right]);
  const { shape, dtype } = right;
  const solved = (): Tensor => m.empty("linalg_solve_triangular", shape, dtype, columnMajor(shape));
  if (node !== undefined) m.save(node, system);
  const output = solved();
  if (node !== undefined) {
    m.saveOutput(node, output);
    const [needsSystem, needsRight] = [system.requiresGrad, right.requiresGrad];
    node.backward = (_, [, result]) => {
      if (!needsSystem || result === undefined) return [undefined, solved()];
      const [ofSystem, ofRight] = m.frame<readonly [Tensor, Tensor]>((frame) => {
        const solution = frame.hold(solved());
        const product = batchedMatmul(m, solution, transpose(m, result, -2, -1));
        const negative = frame.hold(neg(m, product));
        return [m.empty("tril", negative.shape, dtype), solution];
      });
      if (needsRight) return [ofSystem, ofRight];
      m.consume(ofRight);
      return [ofSystem, undefined];
    };
  }
  m.finish(node, [output], [system, right]);
  return output;
}

function columnMajor(shape: Tensor["shape"]): number[] {
  const strides = contiguousStrides(shape);
  const [rows = 1] = shape.slice(-2, -1);
  return [...strides.slice(0, -2), 1, rows];
}

/**
 * `F.pad` along one dimension: a copy even where nothing is added, which then lies as the input does.
 *
 * Source: torch 2.13 aten/src/ATen/native/PadNd.cpp `constant_pad_nd`.
 */
export function padded(m: Machine, input: Tensor, dim: number, by: number): Tensor {
  const node = m.track("ConstantPadNdBackward0", [input]);
  const { shape, dtype } = input;
  const output = m.empty(
    "constant_pad_nd",
    shape.map((size, index) => (index === dim ? size + by : size)),
    dtype,
    by === 0 ? elementwiseStrides([input], shape) : undefined,
  );
  if (node !== undefined) {
    node.backward = (gradient) => [m.empty("constant_pad_nd", shape, gradient.dtype)];
  }
  m.finish(node, [output], [input]);
  return output;
}
