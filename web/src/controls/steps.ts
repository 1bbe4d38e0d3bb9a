/** Positions on a slider whose steps are not even, such as powers of two. */

/** Index of the step nearest to a value; the first step for anything that is no number. */
export function nearestStep(steps: readonly number[], value: unknown): number {
  if (typeof value !== "number") return 0;
  let nearest = 0;
  for (const [index, step] of steps.entries()) {
    const best = steps[nearest] ?? step;
    if (Math.abs(step - value) < Math.abs(best - value)) nearest = index;
  }
  return nearest;
}

/** The next step above or below a value, which may lie between steps. */
export function nextStep(steps: readonly number[], value: unknown, direction: 1 | -1): number {
  const first = steps[0] ?? 0;
  const last = steps.at(-1) ?? 0;
  if (typeof value !== "number") return first;
  const next =
    direction === 1 ? steps.find((step) => step > value) : steps.findLast((step) => step < value);
  return next ?? (direction === 1 ? last : first);
}

/** A mark under a slider. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Numbers as marks that carry themselves. */
export function ticksOf(values: readonly number[]): readonly Tick[] {
  return values.map((at) => ({ at, label: String(at) }));
}

/** Where a value lies between the steps, as a share of the slider from its left end; undefined beyond them. */
export function placeOf(steps: readonly number[], value: number): number | undefined {
  const upper = steps.findIndex((step) => step >= value);
  const [low, high] = [steps[upper - 1], steps[upper]];
  if (high === undefined || value < (steps[0] ?? value)) return undefined;
  const within = low === undefined ? 0 : (value - low) / (high - low) - 1;
  return (upper + within) / (steps.length - 1);
}
