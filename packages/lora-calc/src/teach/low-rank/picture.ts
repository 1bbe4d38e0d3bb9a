/** The picture that the first chapter rebuilds: a sun over hills and their reflection, drawn by formula. */

import { matrixOf } from "../algebra/matrix.js";
import type { Matrix } from "../algebra/matrix.js";

/** Cells of one side. */
export const PICTURE_SIZE: number = 32;

const SHORE = 21;
const SUN = { row: 8, column: 22.5, radius: 5.2 };

/** Brightness of each cell, from 0 to 1. */
export function drawPicture(): Matrix {
  return matrixOf(PICTURE_SIZE, PICTURE_SIZE, (row, column) =>
    row < SHORE ? landscapeAt(row, column) : 0.75 * reflectionAt(row, column),
  );
}

function landscapeAt(row: number, column: number): number {
  const ridge =
    13.5 - 5.5 * bump(column, 8, 5) - 3 * bump(column, 17, 3.2) - 2 * bump(column, 29, 4);
  if (row > ridge + 1) return 0.82 - 0.02 * (row - ridge);
  const distance = Math.hypot(row - SUN.row, column - SUN.column);
  const sun = clamp(SUN.radius + 0.5 - distance);
  return Math.max(sun, 0.04 + 0.012 * row);
}

/** The landscape upside down, compressed and cut by waves. */
function reflectionAt(row: number, column: number): number {
  const mirrored = SHORE - 1 - 1.8 * (row - SHORE);
  const wave = row % 3 === 0 ? 0.45 : 1;
  return wave * landscapeAt(Math.max(0, mirrored), column);
}

function bump(at: number, center: number, width: number): number {
  return Math.exp(-(((at - center) / width) ** 2));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
