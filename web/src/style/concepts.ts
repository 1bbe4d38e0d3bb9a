/** One colour per concept, for every chart, table, formula and chip. */

import type { MemoryRowName } from "lora-calc";

/** CSS colour of a row of memory. */
export function colorOf(row: MemoryRowName): string {
  if (row === "adapters") return "var(--adapter-a)";
  return row === "overhead" ? "var(--workspace)" : `var(--${row})`;
}
