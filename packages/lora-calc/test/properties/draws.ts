/** How much a property draws: its usual number, times DRAWS from the environment (1). */
export function draws(usual: number): number {
  return Math.ceil(usual * Number(process.env["DRAWS"] ?? 1));
}
