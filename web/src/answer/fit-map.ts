/** Where batch and length lie on the map: both axes double from one column or row to the next. */

import { formatCount, formatFixed } from "lora-calc";

export const BATCHES = [64, 32, 16, 8, 4, 2, 1] as const;
export const LENGTHS = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536] as const;

/** Lengths off the columns are multiples of this, as the limit of the length is. */
const STEP = 64;

interface Point {
  readonly batch: number;
  readonly length: number;
}

/** Centre of a run on the map, in percent of its width and height. */
export function placeOf({ batch, length }: Point): { readonly x: number; readonly y: number } {
  const columns = Math.log2(length / LENGTHS[0]);
  const rows = Math.log2(BATCHES[0] / batch);
  return {
    x: 100 * inside((columns + 0.5) / LENGTHS.length),
    y: 100 * inside((rows + 0.5) / BATCHES.length),
  };
}

/** The run under a pointer on the map's box: whole sequences, and lengths in steps. */
export function runAt(
  box: Pick<DOMRect, "left" | "top" | "width" | "height">,
  { clientX, clientY }: Pick<PointerEvent, "clientX" | "clientY">,
): Point {
  const x = inside((clientX - box.left) / box.width);
  const y = inside((clientY - box.top) / box.height);
  const length = LENGTHS[0] * 2 ** (x * LENGTHS.length - 0.5);
  const batch = BATCHES[0] / 2 ** (y * BATCHES.length - 0.5);
  return {
    batch: Math.min(Math.max(Math.round(batch), 1), BATCHES[0]),
    length: Math.min(Math.max(Math.round(length / STEP) * STEP, STEP), LENGTHS[8]),
  };
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

const MOVES: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The cell that an arrow key leads to; undefined for other keys. */
export function neighbour({ row, column }: CellPlace, key: string): CellPlace | undefined {
  const move = MOVES[key];
  if (move === undefined) return undefined;
  const [down, right] = move;
  return {
    row: Math.min(Math.max(row + down, 0), BATCHES.length - 1),
    column: Math.min(Math.max(column + right, 0), LENGTHS.length - 1),
  };
}

/** 2,048 as "2k": columns are narrow. */
export function shortLength(tokens: number): string {
  return tokens < 1024 ? String(tokens) : `${tokens / 1024}k`;
}

/** GiB without their unit: "8.5", and "123" where a cell has no room for more. */
export function shortSize(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return amount < 100 ? formatFixed(amount, 1) : formatCount(Math.round(amount));
}

function inside(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
