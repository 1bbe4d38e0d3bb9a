import { describe, expect, it } from "vitest";
import { addScaled, matrixOf, sumOfSquares } from "../algebra/matrix.js";
import { factorsOf, studyRanks } from "./approximate.js";
import { drawPicture, PICTURE_SIZE } from "./picture.js";

describe("studyRanks", () => {
  const study = studyRanks(drawPicture());

  it("predicts the error that the product really has", () => {
    for (const rank of [0, 1, 4, 9, 20, PICTURE_SIZE]) {
      const { product } = factorsOf(study, rank);
      const missing = sumOfSquares(addScaled(study.full, product, -1));
      const error = Math.sqrt(missing / sumOfSquares(study.full));
      expect(error).toBeCloseTo(study.errors[rank] ?? NaN, 10);
    }
  });

  it("falls from 1 to 0 and never rises", () => {
    expect(study.errors[0]).toBe(1);
    expect(study.errors.at(-1)).toBe(0);
    study.errors.forEach((error, rank) => {
      expect(error).toBeLessThanOrEqual(study.errors[rank - 1] ?? 1);
    });
  });

  it("needs rank 2 for a matrix made of two patterns", () => {
    const twoPatterns = matrixOf(6, 5, (row, column) => (row + 1) * (column + 1) + (row % 2));
    const { errors } = studyRanks(twoPatterns);
    expect(errors[1]).toBeGreaterThan(0.01);
    expect(errors[2]).toBeLessThan(1e-7);
  });

  it("counts r × (in + out) numbers in A (r, in) and B (out, r)", () => {
    const { a, b, parameters } = factorsOf(study, 3);
    expect([a.rows, a.columns, b.rows, b.columns]).toEqual([3, 32, 32, 3]);
    expect(parameters).toBe(192);
  });

  it("shows a picture that a quarter of its rank nearly rebuilds", () => {
    expect(study.errors[8]).toBeLessThan(0.1);
    expect(study.errors[2]).toBeGreaterThan(0.15);
  });
});
