import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompose } from "./decompose.js";
import { entry, matrixOf, multiply, sumOfSquares, transpose } from "./matrix.js";
import type { Matrix } from "./matrix.js";

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }))
  .chain(([rows, columns]) =>
    fc
      .array(fc.double({ min: -9, max: 9, noNaN: true }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      })
      .map((values): Matrix => ({ rows, columns, values: Float64Array.from(values) })),
  );

describe("decompose", () => {
  it("finds singular values that are known", () => {
    // [[3, 0], [4, 5]]: eigenvalues of MᵀM are 45 and 5 (Strang, Introduction to Linear Algebra, section 7.2).
    const { values } = decompose({ rows: 2, columns: 2, values: Float64Array.of(3, 0, 4, 5) });
    expect(values[0]).toBeCloseTo(Math.sqrt(45), 12);
    expect(values[1]).toBeCloseTo(Math.sqrt(5), 12);
  });

  it("gives the matrix back", () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const { left, values, right } = decompose(matrix);
        const scaled = matrixOf(
          left.rows,
          left.columns,
          (i, j) => entry(left, i, j) * (values[j] ?? 0),
        );
        const product = multiply(scaled, transpose(right));
        product.values.forEach((value, at) => {
          expect(value).toBeCloseTo(matrix.values[at] ?? NaN, 9);
        });
      }),
    );
  });

  it("sorts the values, keeps the energy and makes orthonormal right vectors", () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const { values, left, right } = decompose(matrix);
        expect([...values].sort((a, b) => b - a)).toEqual(values);
        expect(values.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(
          sumOfSquares(matrix),
          8,
        );
        const square = matrix.rows >= matrix.columns ? right : left;
        const identity = multiply(transpose(square), square);
        identity.values.forEach((value, at) => {
          const isDiagonal = at % (identity.columns + 1) === 0;
          expect(value).toBeCloseTo(isDiagonal ? 1 : 0, 9);
        });
      }),
    );
  });
});
