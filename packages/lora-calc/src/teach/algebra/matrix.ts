/** Small dense matrices for the lessons: row-major, plain data, never changed after they are made. */

import { missing } from "../../problem/missing.js";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row after row. */
  readonly values: Float64Array;
}

/** Matrix of `valueAt(row, column)`. */
export function matrixOf(
  rows: number,
  columns: number,
  valueAt: (row: number, column: number) => number,
): Matrix {
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[row * columns + column] = valueAt(row, column);
    }
  }
  return { rows, columns, values };
}

/** Entry at a place inside the matrix. */
export function entry({ columns, values }: Matrix, row: number, column: number): number {
  return values[row * columns + column] ?? missing();
}

export function transpose({ rows, columns, values }: Matrix): Matrix {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column] ?? missing();
    }
  }
  return { rows: columns, columns: rows, values: turned };
}

/** left (n, k) · right (k, m). */
export function multiply(left: Matrix, right: Matrix): Matrix {
  if (left.columns !== right.rows) {
    throw new Error(`shapes do not chain: ${left.columns} columns, ${right.rows} rows`);
  }
  const values = new Float64Array(left.rows * right.columns);
  for (let row = 0; row < left.rows; row++) {
    const start = row * right.columns;
    for (let inner = 0; inner < left.columns; inner++) {
      const factor = left.values[row * left.columns + inner] ?? missing();
      const source = inner * right.columns;
      for (let column = 0; column < right.columns; column++) {
        const before = values[start + column] ?? missing();
        values[start + column] = before + factor * (right.values[source + column] ?? missing());
      }
    }
  }
  return { rows: left.rows, columns: right.columns, values };
}

/** left + factor · right, of equal shapes. */
export function addScaled(left: Matrix, right: Matrix, factor: number): Matrix {
  return {
    ...left,
    values: left.values.map((value, at) => value + factor * (right.values[at] ?? missing())),
  };
}

export function scale(matrix: Matrix, factor: number): Matrix {
  return { ...matrix, values: matrix.values.map((value) => factor * value) };
}

export function sumOfSquares({ values }: Matrix): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
