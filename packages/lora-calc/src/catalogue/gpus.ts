/** Finds graphics cards by the names people and drivers use. */

import { reject } from "../problem/problem.js";
import { didYouMean, firstOf, nearestNames } from "./nearest.js";
import type { GpuRow } from "./row.js";
import { GPU_ROWS } from "./rows/gpus.js";

/** Every card of the catalogue, by class and generation. */
export function listGpus(): readonly GpuRow[] {
  return GPU_ROWS;
}

export type CardFamily = "GeForce" | "workstation" | "data center";

/** Where a card is found: its name says it. Example: familyOf(findGpu("RTX A6000")) // "workstation" */
export function familyOf({ name }: GpuRow): CardFamily {
  if (/^RTX (?:A|PRO |\d000 Ada)|^GB10$/.test(name)) return "workstation";
  return /^(?:RTX|Titan) /.test(name) ? "GeForce" : "data center";
}

/**
 * The card with this name; brand, case and separators do not matter. Stops with `unknown_gpu` and the nearest names when
 * there is none or the name fits several sizes.
 *
 * Example: findGpu("NVIDIA GeForce RTX 4090").id // "rtx-4090"
 */
export function findGpu(name: string): GpuRow {
  const key = gpuKey(name);
  const row = GPUS_BY_KEY.get(key) ?? GPUS_BY_KEY.get(`rtx${key}`);
  if (row !== undefined) return row;
  const sizes = GPU_ROWS.filter(
    (candidate) => key !== "" && gpuKey(candidate.name).startsWith(key),
  );
  const names = GPU_ROWS.map((candidate) => candidate.name);
  const nearest = sizes.length > 0 ? sizes.map((size) => size.name) : nearestNames(name, names);
  const what = sizes.length > 1 ? "there are several" : "gpu is not in the catalogue:";
  reject({
    code: "unknown_gpu",
    path: "hardware.gpu",
    message: `${what} ${name}${didYouMean(nearest)}; any other card works as {"memory_bytes": …}`,
    received: name,
    expected: "a card from the catalogue, or an object with memory_bytes",
    ...firstOf(nearest),
  });
}

/** Text to compare by: "a100sxm480gb" for "NVIDIA A100-SXM4-80GB". */
function gpuKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/\b(nvidia|geforce|tesla)\b/g, "")
    .replace(/[^a-z0-9]/g, "");
}

const GPUS_BY_KEY: ReadonlyMap<string, GpuRow> = new Map(
  GPU_ROWS.flatMap((row) =>
    [row.id, row.name, ...(row.names ?? [])].map((name): [string, GpuRow] => [gpuKey(name), row]),
  ),
);
