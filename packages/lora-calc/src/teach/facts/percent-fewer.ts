/**
 * How much less one figure is than another, of the larger. Unit: percent.
 *
 * Example: percentFewer(16777216, 131072) // 99.21875
 */
export function percentFewer(before: number, after: number): number {
  return 100 * (1 - after / before);
}
