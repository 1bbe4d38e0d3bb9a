/** Memory that a kernel takes and gives back before it returns: no tensor of the program, but part of the peak. */

import type { Dtype } from "../../units/dtype.js";
import type { Shape } from "./layout.js";
import type { Machine } from "./machine.js";

export type Inside = readonly [tag: string, shape: Shape, dtype: Dtype];

/** Takes all of it in order and gives it back. */
export function inside(m: Machine, buffers: readonly Inside[]): void {
  const taken = buffers.map(([tag, shape, dtype]) => m.empty(tag, shape, dtype));
  for (const buffer of taken.reverse()) m.consume(buffer);
}

/** The same around allocations of the kernel's own that stay: some buffers come before them, the others after. */
export function around<Result>(
  m: Machine,
  before: readonly Inside[],
  body: () => Result,
  after: readonly Inside[],
): Result {
  const first = before.map(([tag, shape, dtype]) => m.empty(tag, shape, dtype));
  const result = body();
  inside(m, after);
  for (const buffer of first.reverse()) m.consume(buffer);
  return result;
}
