/** One colour per concept, for every chart, table, formula and chip. */

import type { MemoryRowName } from "lora-calc";

/** CSS colour of a row of memory. */
export function colorOf(row: MemoryRowName): string {
  if (row === "adapters") return "var(--adapter-a)";
  return `var(--${row})`;
}

/** Texture of a row beside its colour, as a class. */
export function textureOf(row: MemoryRowName): string {
  if (row === "cache" || row === "workspace") return "hatched";
  return row === "context" ? "outlined" : "";
}
