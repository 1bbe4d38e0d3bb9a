/** Finds graphics cards by the names people and drivers use. */

import { reject } from "../problem/problem.js";
import { didYouMean, firstOf, nearestNames } from "./nearest.js";
import type { GpuRow } from "./rows/row.js";
import { GPU_ROWS } from "./rows/gpus.js";

/** Every card of the catalogue, by class and generation. */
export function listGpus(): readonly GpuRow[] {
  return GPU_ROWS;
}

export type CardFamily = "GeForce" | "workstation" | "data center" | "AMD";

/** Where a card is found: its name says it. Example: familyOf(findGpu("RTX A6000")) // "workstation" */
export function familyOf({ name, platform }: GpuRow): CardFamily {
  if (platform === "ROCm") return "AMD";
  if (/^RTX (?:A|PRO |\d\d00 Ada)|^(?:Quadro|Jetson) |^GB10$/.test(name)) return "workstation";
  return /^(?:RTX|GTX|Titan) /.test(name) ? "GeForce" : "data center";
}

/**
 * The card with this name; brand, case, separators and the order of its words do not matter, and its memory may be named
 * too. Stops with `unknown_gpu` and the nearest names when there is none or the name fits several sizes.
 *
 * Example: findGpu("NVIDIA GeForce RTX 4090 24GB").id // "rtx-4090"
 */
export function findGpu(name: string): GpuRow {
  const key = gpuKey(name);
  const row = GPUS_BY_KEY.get(key) ?? GPUS_BY_KEY.get(`rtx${key}`) ?? rowOfWords(name);
  if (row !== undefined) return row;
  const sizes = GPU_ROWS.filter(
    (candidate) => key !== "" && gpuKey(candidate.name).startsWith(key),
  );
  const nearest = (sizes.length > 0 ? sizes : relatives(name)).map((candidate) => candidate.name);
  const names = GPU_ROWS.map((candidate) => candidate.name);
  const near = nearest.length > 0 ? nearest : nearestNames(name, names);
  const what = sizes.length > 1 ? "there are several" : "gpu is not in the catalogue:";
  reject({
    code: "unknown_gpu",
    path: "hardware.gpu",
    message: `${what} ${name}${didYouMean(near)}; any other card works as {"memory_bytes": …}`,
    received: name,
    expected: "a card from the catalogue, or an object with memory_bytes",
    ...firstOf(near),
  });
}

const BRANDS: ReadonlySet<string> = new Set([
  ...["nvidia", "geforce", "tesla", "gpu"],
  ...["amd", "instinct", "radeon"],
]);

/** "NVIDIA A100-SXM4-80GB" as a100, sxm4 and 80gb. */
function wordsOf(name: string): ReadonlySet<string> {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return new Set(words.filter((word) => !BRANDS.has(word)));
}

function namesOf({ id, name, names = [] }: GpuRow): readonly string[] {
  return [id, name, ...names];
}

/** The one card with a name of these words, in any order, beside what stands on its box. */
function rowOfWords(name: string): GpuRow | undefined {
  const words = wordsOf(name);
  const rows = GPU_ROWS.filter((row) =>
    namesOf(row).some((candidate) => {
      const own = wordsOf(candidate);
      const withMemory = new Set([...own, `${row.boxGB}gb`]);
      return isSame(words, own) || isSame(words, withMemory);
    }),
  );
  return rows.length === 1 ? rows[0] : undefined;
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((word) => right.has(word));
}

/** Cards of the same model: those that share its number, as in A100 or 4090. */
function relatives(name: string): readonly GpuRow[] {
  const numbers = [...wordsOf(name)].filter((word) => /\d/.test(word) && !/^\d+gb$/.test(word));
  return GPU_ROWS.filter((row) => {
    const own = wordsOf(row.name);
    return numbers.length > 0 && numbers.every((word) => own.has(word));
  });
}

/** Text to compare by: "a100sxm480gb" for "NVIDIA A100-SXM4-80GB". */
function gpuKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/\b(nvidia|geforce|tesla|amd|instinct)\b/g, "")
    .replace(/[^a-z0-9]/g, "");
}

const GPUS_BY_KEY: ReadonlyMap<string, GpuRow> = new Map(
  GPU_ROWS.flatMap((row) => namesOf(row).map((name): [string, GpuRow] => [gpuKey(name), row])),
);
