/** The peak of a run as the few rows people know: weights, adapters, optimizer, gradients, activations, workspace, cache, context. */

import type { Certainty } from "../fields/result-names.js";
import type { MemoryPart, MemoryResult } from "../result.js";

/** Rows of what is allocated, bottom to top in stacked charts: what is always there first. */
export const STEP_ROWS = [
  "weights",
  "adapters",
  "optimizer",
  "gradients",
  "checkpoints",
  "activations",
  "logits",
  "workspace",
] as const;

/** Rows of the process: what is allocated, PyTorch's cache around it, and the CUDA context. */
export const MEMORY_ROWS = [...STEP_ROWS, "cache", "context"] as const;

/** Row of what is allocated. */
export type StepRowName = (typeof STEP_ROWS)[number];
export type MemoryRowName = (typeof MEMORY_ROWS)[number];

/** A row of the process peak; a row with no bytes is there too. */
export interface MemoryRow {
  readonly name: MemoryRowName;
  readonly bytes: number;
  /** Of the process peak, 0 to 1. */
  readonly share: number;
  /** Of its least certain part. */
  readonly certainty: Certainty;
  /** Largest first. */
  readonly parts: readonly MemoryPart[];
}

/** Bytes of every row at one moment of the step. */
export type RowBytes = Readonly<Record<StepRowName, number>>;

const ROW_OF_PART: Readonly<Record<string, StepRowName>> = {
  weights: "weights",
  reference: "weights",
  adapter_a: "adapters",
  adapter_b: "adapters",
  adapter_other: "adapters",
  optimizer: "optimizer",
  gradients: "gradients",
  checkpoints: "checkpoints",
  activations: "activations",
  loss: "logits",
};

const LEAST_CERTAIN_FIRST: readonly Certainty[] = ["assumed", "fitted", "read", "traced", "exact"];

/**
 * The process peak in rows that add up to it: what is allocated at the peak, in `workspace` copies of de-quantized weights,
 * buffers of cuBLAS and the batch; and what lies between that and nvidia-smi, the cache of the allocator and the CUDA context
 * (with the managed memory of a paged optimizer).
 *
 * Unit: bytes.
 */
export function memoryRows(memory: MemoryResult): readonly MemoryRow[] {
  const parts = [
    ...memory.parts.map((part) => ({ part, row: stepRowOf(part.name) })),
    ...memory.beyond_tensors.map((part) => ({ part, row: rowBeyond(part.name) })),
  ];
  return MEMORY_ROWS.map((name) => {
    const own = parts
      .flatMap(({ part, row }) => (part.bytes > 0 && row === name ? [part] : []))
      .sort((left, right) => right.bytes - left.bytes);
    const bytes = own.reduce((sum, part) => sum + part.bytes, 0);
    return {
      name,
      bytes,
      share: bytes / memory.process_peak,
      certainty: leastCertain(own),
      parts: own,
    };
  });
}

/** The rows of every point of the timeline, in its order: the allocated bytes only. */
export function timelineRows({ timeline }: MemoryResult): readonly RowBytes[] {
  return (timeline ?? []).map(({ parts }) => {
    const rows = Object.fromEntries(STEP_ROWS.map((name) => [name, 0])) as Record<
      StepRowName,
      number
    >;
    for (const [part, bytes] of Object.entries(parts)) rows[stepRowOf(part)] += bytes;
    return rows;
  });
}

function stepRowOf(part: string): StepRowName {
  return ROW_OF_PART[part] ?? "workspace";
}

function rowBeyond(part: string): MemoryRowName {
  return part === "allocator_cache" ? "cache" : "context";
}

function leastCertain(parts: readonly MemoryPart[]): Certainty {
  return (
    LEAST_CERTAIN_FIRST.find((certainty) => parts.some((part) => part.certainty === certainty)) ??
    "exact"
  );
}
