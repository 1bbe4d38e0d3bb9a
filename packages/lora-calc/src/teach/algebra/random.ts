/** Numbers that look random and are the same on every machine: a lesson shows everybody the same thing. */

import { matrixOf } from "./matrix.js";
import type { Matrix } from "./matrix.js";

/** Gives the next number, at least 0 and below 1. */
export type Random = () => number;

/**
 * Sequence of a seed: counter-based 32-bit mixing ("mulberry32", public domain, Tommy Ettinger 2017).
 *
 * Example: createRandom(1)() < 1 // true
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One draw of a normal distribution around 0 (Box–Muller). */
function drawNormal(random: Random, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return deviation * radius * Math.cos(2 * Math.PI * random());
}

export function normalMatrix(
  random: Random,
  rows: number,
  columns: number,
  deviation: number,
): Matrix {
  return matrixOf(rows, columns, () => drawNormal(random, deviation));
}

/** The same items in another order (Fisher–Yates). */
export function shuffled<Item>(random: Random, items: readonly Item[]): readonly Item[] {
  const rest = [...items];
  const order: Item[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return order;
}
