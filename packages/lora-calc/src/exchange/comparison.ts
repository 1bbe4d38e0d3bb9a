/** Runs side by side: the figures by which they are compared, always in the same order. */

import type { Estimate } from "../result.js";
import { MEMORY_ROWS, memoryRows } from "./memory-rows.js";
import type { MemoryRowName } from "./memory-rows.js";
import { floorOf, peaksOf, reservedOf } from "./peaks.js";

export type FigureName =
  | "trainable"
  | "all"
  | "percent"
  | "stored"
  | "adapter_file"
  | MemoryRowName
  | "allocated"
  | "reserved"
  | "process"
  | "at_least"
  | "headroom";

export interface ComparedFigure {
  readonly name: FigureName;
  readonly unit: "parameters" | "percent" | "bytes";
  /** One per run; undefined where it is not known. */
  readonly values: readonly (number | undefined)[];
}

type Reader = (estimate: Estimate) => number | undefined;

const FIGURES: readonly (readonly [FigureName, ComparedFigure["unit"], Reader])[] = [
  ["trainable", "parameters", ({ parameters }) => parameters.trainable],
  ["all", "parameters", ({ parameters }) => parameters.all],
  ["percent", "percent", ({ parameters }) => parameters.percent],
  ["stored", "bytes", ({ weights }) => weights?.bytes],
  ["adapter_file", "bytes", ({ adapter_file_bytes: bytes }) => bytes],
  ...MEMORY_ROWS.map((name) => [name, "bytes", rowReader(name)] as const),
  ["allocated", "bytes", (estimate) => peaksOf(estimate)?.allocated_peak],
  ["reserved", "bytes", reservedReader],
  ["process", "bytes", (estimate) => peaksOf(estimate)?.process_peak],
  ["at_least", "bytes", (estimate) => floorOf(estimate)?.at_least],
  ["headroom", "bytes", ({ fit }) => fit?.headroom],
];

function reservedReader(estimate: Estimate): number | undefined {
  const memory = peaksOf(estimate);
  return memory === undefined ? undefined : reservedOf(memory);
}

function rowReader(name: MemoryRowName): Reader {
  return (estimate) => {
    const memory = peaksOf(estimate);
    if (memory === undefined) return undefined;
    return memoryRows(memory).find((row) => row.name === name)?.bytes;
  };
}

/**
 * The figures that any of the runs has: counts, files, the process peak in rows that add up to it, the three peaks and what is
 * left of the card. Each run has its value in its own place.
 *
 * Example: const run = estimate({ model: "gpt2", adapter: { r: 8 } });
 *   compareEstimates([run, run])[0].values // [294912, 294912]
 */
export function compareEstimates(estimates: readonly Estimate[]): readonly ComparedFigure[] {
  return FIGURES.map(([name, unit, read]) => ({ name, unit, values: estimates.map(read) })).filter(
    ({ values }) => values.some((value) => value !== undefined),
  );
}
