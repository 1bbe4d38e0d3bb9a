/** A factor as people write it: no trailing zeros, at most three decimals. */
export function factorText(factor: number): string {
  return String(Number(factor.toFixed(3)));
}
