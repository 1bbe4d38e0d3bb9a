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
