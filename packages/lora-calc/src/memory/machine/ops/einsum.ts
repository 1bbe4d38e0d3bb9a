/** Contractions of two tensors: each is brought to (batch, rows, inner) or (batch, inner, columns), which may copy, and multiplied. */

import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { batchedMatmul } from "./matmul.js";
import { permute, reshape, view } from "./views.js";

/**
 * `torch.einsum(equation, left, right)`, every index of the output in one operand or in both, as `einsum(m, "bcln,bcsn->bcls", …)`.
 *
 * Source: torch 2.13 aten/src/ATen/native/Linear.cpp `sumproduct_pair`. Autocast casts the factors, not the operands.
 */
export function einsum(
  m: Machine,
  equation: string,
  [left, right]: readonly [Tensor, Tensor],
): Tensor {
  const [inputs = "", wanted = ""] = equation.split("->");
  const [ofLeft = "", ofRight = ""] = inputs.split(",");
  const [made, given] = [Array.from(wanted), Array.from(ofLeft)];
  const letters = [...made, ...given.filter((each) => !made.includes(each))];
  const both = letters.filter((each) => ofLeft.includes(each) && ofRight.includes(each));
  const shared = both.filter((each) => wanted.includes(each));
  const summed = both.filter((each) => !wanted.includes(each));
  const rows = letters.filter((each) => !ofRight.includes(each));
  const columns = letters.filter((each) => !ofLeft.includes(each));
  const [row = "", column = ""] = [rows[0], columns[0]];
  // The operand whose own index comes first in the output is the left one.
  if (made.includes(row) && made.includes(column) && made.indexOf(column) < made.indexOf(row)) {
    return einsum(m, `${ofRight},${ofLeft}->${wanted}`, [right, left]);
  }
  const sizeOf = (each: string): number =>
    ofLeft.includes(each) ? left.size(ofLeft.indexOf(each)) : right.size(ofRight.indexOf(each));
  const sizes = (names: readonly string[]): number[] => names.map(sizeOf);
  const product = (names: readonly string[]): number => sizes(names).reduce((all, n) => all * n, 1);
  return m.frame((frame) => {
    const ordered = (x: Tensor, has: string, names: readonly string[], shape: Shape): Tensor =>
      frame.hold(
        reshape(
          m,
          permute(
            m,
            x,
            names.map((each) => has.indexOf(each)),
          ),
          shape,
        ),
      );
    const first = ordered(
      left,
      ofLeft,
      [...shared, ...rows, ...summed],
      [product(shared), product(rows), product(summed)],
    );
    const second = ordered(
      right,
      ofRight,
      [...shared, ...summed, ...columns],
      [product(shared), product(summed), product(columns)],
    );
    const order = [...shared, ...rows, ...columns];
    const apart = view(m, batchedMatmul(m, first, second), sizes(order));
    return permute(
      m,
      apart,
      made.map((each) => order.indexOf(each)),
    );
  });
}
