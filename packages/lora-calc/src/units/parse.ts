/** Sizes typed by people: "24GiB", "80 GB", "512 MiB". */

import { GIB, KIB, MIB } from "./format.js";

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kib: KIB,
  mib: MIB,
  gib: GIB,
  tib: 1024 * GIB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/**
 * Bytes of a size with its unit; undefined when the text is not a size.
 *
 * Example: parseBytes("24GiB") // 25769803776
 */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, amount, unit] = match;
  const bytesPerUnit = UNITS[(unit ?? "").toLowerCase()] ?? Number.NaN;
  const bytes = Math.round(Number(amount) * bytesPerUnit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
