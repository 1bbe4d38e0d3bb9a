/** The best copy of a matrix that a product of two thin ones can be, and how good it is. */

import { decompose } from "../algebra/decompose.js";
import type { Decomposition } from "../algebra/decompose.js";
import { entry, matrixOf, multiply } from "../algebra/matrix.js";
import type { Matrix } from "../algebra/matrix.js";
import { missing } from "../../problem/missing.js";

/** A product B·A in LoRA's shapes. */
export interface Factors {
  /** (rank, columns). */
  readonly a: Matrix;
  /** (rows, rank). */
  readonly b: Matrix;
  readonly product: Matrix;
  /** Numbers in A and B together: rank · (rows + columns). */
  readonly parameters: number;
}

export interface LowRankStudy {
  readonly full: Matrix;
  /** Numbers in the matrix itself. */
  readonly parameters: number;
  readonly decomposition: Decomposition;
  /** Relative error of the best product of every rank from 0 to the full one; 1 is nothing, 0 is exact. */
  readonly errors: readonly number[];
}

/**
 * Everything to show a matrix at every rank.
 *
 * The error of rank k is √(σ²ₖ₊₁ + … + σ²ₙ) / √(σ²₁ + … + σ²ₙ): no product of rank k is closer.
 * Source: Eckart and Young 1936, doi:10.1007/BF02288367.
 */
export function studyRanks(full: Matrix): LowRankStudy {
  const decomposition = decompose(full);
  const energies = decomposition.values.map((value) => value * value);
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  const errors = [...energies, 0].map((_, rank) => {
    const rest = energies.slice(rank).reduce((sum, energy) => sum + energy, 0);
    return total === 0 ? 0 : Math.sqrt(rest / total);
  });
  return { full, parameters: full.rows * full.columns, decomposition, errors };
}

/** A and B of the best product of a rank, each taking the square root of the singular values. */
export function factorsOf({ full, decomposition }: LowRankStudy, rank: number): Factors {
  const { left, values, right } = decomposition;
  const share = (position: number): number => Math.sqrt(values[position] ?? missing());
  const a = matrixOf(rank, full.columns, (i, j) => share(i) * entry(right, j, i));
  const b = matrixOf(full.rows, rank, (i, j) => share(j) * entry(left, i, j));
  return { a, b, product: multiply(b, a), parameters: rank * (full.rows + full.columns) };
}
