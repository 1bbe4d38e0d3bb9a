/** Work that repeats equal iterations, and which of them are really run. */

import type { LoopName } from "../../fields/result-names.js";

export type LoopKind = LoopName;

/**
 * One loop over equal layers or chunks; two models, two towers or two sizes of chunks have one each. A loop with a periodic
 * stretch is run without the middle of that stretch. Before the gap stand one iteration, as many `spare` periods as asked
 * for, and the pattern for everything left out; behind it one period, which must equal the pattern, and one iteration. So
 * the pattern is ordinary, which the first of its kind and the last of all are not always (the first layer casts what later
 * layers find cast); where kinds alternate, a whole period of firsts comes before it. A spare period is for models where the
 * first one marks its neighbour, as in gpt2 and gpt_neox.
 */
export interface Loop {
  readonly kind: LoopKind;
  /** Real indices of the iterations that are run, ascending. */
  readonly indices: readonly number[];
  readonly period: number;
  /** Position (in `indices`) of the first iteration of the pattern. */
  readonly pattern: number;
  /** Iterations that are left out, a multiple of the period; they follow the pattern directly. */
  readonly omitted: number;
}

/** One iteration of a loop, by its position among those that are run; the rest is written from them (memory/repeat). */
export interface Section {
  readonly loop: Loop;
  readonly iteration: number;
}

/** Longest period looked for: gemma3 repeats every 6 layers, no known model after more than 8. */
const MAX_PERIOD = 12;

/** A loop of which every iteration is run. */
export function wholeLoop(kind: LoopKind, count: number): Loop {
  const indices = Array.from({ length: count }, (_, index) => index);
  return { kind, indices, period: count, pattern: 0, omitted: 0 };
}

/** Samples a loop whose iterations are equal where their keys are. */
export function sampledLoop(kind: LoopKind, keys: readonly unknown[], spare: number): Loop {
  let best = wholeLoop(kind, keys.length);
  for (let period = 1; period <= MAX_PERIOD; period += 1) {
    const { start, length } = longestPeriodicRun(keys, period);
    const leading = (spare + (period === 1 ? 1 : 2)) * period + 1;
    const trailing = period + 1;
    const omitted = period * Math.floor((length - leading - trailing) / period);
    if (omitted <= best.omitted) continue;
    const gap = start + leading;
    best = {
      kind,
      indices: keys.flatMap((_, index) => (index < gap || index >= gap + omitted ? [index] : [])),
      period,
      pattern: gap - period,
      omitted,
    };
  }
  return best;
}

function longestPeriodicRun(
  keys: readonly unknown[],
  period: number,
): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = period; index <= keys.length; index += 1) {
    if (index < keys.length && keys[index] === keys[index - period]) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index - period + 1;
  }
  return best;
}

/** How many iterations of the whole run the one of a section stands for. */
export function standsFor({ loop, iteration }: Section): number {
  const { pattern, period, omitted } = loop;
  const offset = iteration - pattern;
  return offset >= 0 && offset < period ? 1 + omitted / period : 1;
}
