// Which mutants are tried: a sample per folder, drawn from a seed out of all that Stryker's default mutators make.

import { readdirSync, readFileSync } from "node:fs";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { ROOT } from "../run.mjs";

const SOURCE = "packages/lora-calc/src";

/** Mutants drawn per folder; `units` has fewer than two hundred in all. */
export const SIZES = { memory: 300, adapter: 270, exchange: 160, advice: 150, units: 120 };

const SILENT = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };
const OPTIONS = { plugins: null, excludedMutations: [], ignorers: [] };

/** What the tests did not notice. */
export const MISSED = ["Survived", "NoCoverage"];

/** File and line, from the root. Lines and columns count from 1 in what Stryker reports. */
export function placeOf({ fileName, location: { start } }) {
  return `${fileName.slice(fileName.indexOf(SOURCE))}:${start.line}:${start.column}`;
}

/** What tells one mutant from another, before and in a run. */
export function keyOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  const file = fileName.slice(fileName.indexOf(SOURCE));
  return [file, start.line, start.column, end.line, end.column, mutatorName, replacement].join(":");
}

function sourcesOf(folder) {
  return readdirSync(`${ROOT}${SOURCE}/${folder}`, { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => `${SOURCE}/${folder}/${name}`)
    .sort();
}

async function mutantsOf(name) {
  const file = { name, mutate: true, content: readFileSync(`${ROOT}${name}`, "utf8") };
  const { mutants } = await new Instrumenter(SILENT).instrument([file], OPTIONS);
  return mutants;
}

/** Mulberry32: 32 bits of state, good enough to shuffle with. */
function randomOf(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawn(rows, size, random) {
  const shuffled = [...rows];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled.slice(0, size);
}

/** Mutants by folder. */
export async function drawSample(seed) {
  const random = randomOf(seed);
  const sample = [];
  for (const [folder, size] of Object.entries(SIZES)) {
    const all = (await Promise.all(sourcesOf(folder).map(mutantsOf))).flat();
    sample.push(...drawn(all, size, random));
  }
  return sample;
}

/** The place of a mutant as Stryker's `mutate` takes it: lines from 1, columns from 0. */
export function rangeOf({ fileName, location: { start, end } }) {
  return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}
