/** Singular value decomposition of small matrices, by one-sided Jacobi rotations. */

import { entry, matrixOf, transpose } from "./matrix.js";
import type { Matrix } from "./matrix.js";
import { missing } from "../../problem/missing.js";

/** matrix = left · diag(values) · rightᵀ, values descending. */
export interface Decomposition {
  /** (rows, n) with orthonormal columns where the value is not zero; n is the smaller side. */
  readonly left: Matrix;
  readonly values: readonly number[];
  /** (columns, n). */
  readonly right: Matrix;
}

const MAX_SWEEPS = 60;
/** Columns whose cosine is below this count as orthogonal. */
const TOLERANCE = 1e-14;

/**
 * Singular values and vectors.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 8.6.3 (one-sided Jacobi): rotate pairs of columns until all
 * are orthogonal; their lengths are the singular values.
 */
export function decompose(matrix: Matrix): Decomposition {
  if (matrix.rows < matrix.columns) {
    const { left, values, right } = decompose(transpose(matrix));
    return { left: right, values, right: left };
  }
  const columns = columnsOf(matrix);
  const turns = columnsOf(matrixOf(matrix.columns, matrix.columns, (i, j) => (i === j ? 1 : 0)));
  orthogonalize(columns, turns);
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths
    .map((_, at) => at)
    .sort((a, b) => (lengths[b] ?? missing()) - (lengths[a] ?? missing()));
  const at = (vectors: readonly Float64Array[], row: number, position: number): number =>
    vectors[order[position] ?? missing()]?.[row] ?? missing();
  const values = order.map((position) => lengths[position] ?? missing());
  return {
    left: matrixOf(matrix.rows, matrix.columns, (row, position) => {
      const value = values[position] ?? missing();
      return value === 0 ? 0 : at(columns, row, position) / value;
    }),
    values,
    right: matrixOf(matrix.columns, matrix.columns, (row, position) => at(turns, row, position)),
  };
}

function columnsOf(matrix: Matrix): Float64Array[] {
  return Array.from({ length: matrix.columns }, (_, column) =>
    Float64Array.from({ length: matrix.rows }, (_, row) => entry(matrix, row, column)),
  );
}

/** Rotates pairs of columns in place until all are orthogonal; `turns` collects the rotations. */
function orthogonalize(columns: readonly Float64Array[], turns: readonly Float64Array[]): void {
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    if (rotateAllPairs(columns, turns) === 0) return;
  }
}

/** One sweep; how many pairs were not yet orthogonal. */
function rotateAllPairs(columns: readonly Float64Array[], turns: readonly Float64Array[]): number {
  let rotated = 0;
  for (const [i, first] of columns.entries()) {
    for (const [offset, second] of columns.slice(i + 1).entries()) {
      const turn = rotationOf(first, second);
      if (turn === undefined) continue;
      rotated++;
      rotate(first, second, turn);
      rotate(turns[i], turns[i + 1 + offset], turn);
    }
  }
  return rotated;
}

interface Rotation {
  readonly cosine: number;
  readonly sine: number;
}

/** The rotation that makes two columns orthogonal; undefined when they are. */
function rotationOf(first: Float64Array, second: Float64Array): Rotation | undefined {
  const [a, b, c] = [dot(first, first), dot(second, second), dot(first, second)];
  if (Math.abs(c) <= TOLERANCE * Math.sqrt(a * b)) return undefined;
  const zeta = (b - a) / (2 * c);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, tangent);
  return { cosine, sine: cosine * tangent };
}

function rotate(
  first: Float64Array | undefined,
  second: Float64Array | undefined,
  { cosine, sine }: Rotation,
): void {
  if (first === undefined || second === undefined) return;
  first.forEach((value, at) => {
    const other = second[at] ?? missing();
    first[at] = cosine * value - sine * other;
    second[at] = sine * value + cosine * other;
  });
}

function dot(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? missing()), 0);
}
