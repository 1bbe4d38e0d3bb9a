/** Where everything on the ruler lies: shares of its width, from the left. */

import { STEP_ROWS } from "lora-calc";
import type { Estimate, MemoryResult, MemoryRow, StepRowName } from "lora-calc";

export interface Ruler {
  /** Bytes at the right end. */
  readonly scale: number;
  /** Marks of whole GiB above the bar. Unit: bytes. */
  readonly ticks: readonly number[];
  /** Where the card ends; undefined without one. Unit: bytes. */
  readonly end: number | undefined;
  /** From the end of the process, or of the card where that is less, on. Unit: bytes. */
  readonly free: number;
  readonly over: number;
}

const GIB = 2 ** 30;
/** Ticks between which there is room for their numbers. */
const TICKS = 6;
/** The bar goes on a little past the last mark. */
const MARGIN = 1.02;

/** `least`: bytes that the scale has at least, so that two rulers have one scale. */
export function rulerOf(
  { process_peak: process }: MemoryResult,
  { fit, interval }: Pick<Estimate, "fit" | "interval">,
  least = 0,
): Ruler {
  const end = fit === undefined ? undefined : fit.headroom + process;
  const most = Math.max(end ?? 0, interval?.process[1] ?? process);
  const own = end === undefined || most > end ? most * MARGIN : end;
  const scale = Math.max(own, least);
  const step = GIB * 2 ** Math.ceil(Math.log2(scale / GIB / TICKS));
  const ticks = Array.from({ length: Math.floor(scale / step) + 1 }, (_, index) => index * step);
  return {
    scale,
    ticks,
    end,
    free: Math.max(0, (end ?? process) - process),
    over: Math.max(0, process - (end ?? process)),
  };
}

/** Bytes of a part that lie on the card and not under the hatching of what is too much. */
export function clearOf({ end }: Ruler, { bytes, ends }: Segment): number {
  return Math.min(ends, end ?? ends) - (ends - bytes);
}

/** How much of the card the process takes, as a length; undefined without a card. */
export function meterOf(memory: MemoryResult, { fit }: Pick<Estimate, "fit">): string | undefined {
  if (fit === undefined) return undefined;
  const share = memory.process_peak / (memory.process_peak + fit.headroom);
  return `${100 * Math.min(1, Math.max(0, share))}%`;
}

const IN_STEP: ReadonlySet<string> = new Set<StepRowName>(STEP_ROWS);

export interface Segment extends MemoryRow {
  /** Unit: bytes from the left end of the bar. */
  readonly ends: number;
}

/** Rows that have bytes, those of the tensors first. */
export function segmentsOf(rows: readonly MemoryRow[]): readonly Segment[] {
  const some = rows.filter(({ bytes }) => bytes > 0);
  let ends = 0;
  return [
    ...some.filter(({ name }) => IN_STEP.has(name)),
    ...some.filter(({ name }) => !IN_STEP.has(name)),
  ].map((row) => ({ ...row, ends: (ends += row.bytes) }));
}
