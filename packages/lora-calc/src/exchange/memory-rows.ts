/** The peak of a run as the few rows people know: weights, adapters, optimizer, gradients, activations, overhead. */

import type { Certainty, MemoryPart, MemoryResult } from "../result.js";

/** Bottom to top in stacked charts: what is always there first. */
export const MEMORY_ROWS = [
  "weights",
  "adapters",
  "optimizer",
  "gradients",
  "checkpoints",
  "activations",
  "logits",
  "overhead",
] as const;

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

/** Bytes of every row at one moment. */
export type RowBytes = Readonly<Record<MemoryRowName, number>>;

const ROW_OF_PART: Readonly<Record<string, MemoryRowName>> = {
  weights: "weights",
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
 * The process peak in rows that add up to it: what is allocated at the peak, and with `overhead` what lies between that
 * and nvidia-smi (cache of the allocator, CUDA context) beside workspaces, copies of de-quantized weights and the batch.
 *
 * Unit: bytes.
 */
export function memoryRows(memory: MemoryResult): readonly MemoryRow[] {
  const parts = [...memory.parts, ...memory.beyond_tensors];
  return MEMORY_ROWS.map((name) => {
    const own = parts
      .filter((part) => part.bytes > 0 && rowOf(part.name) === name)
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
    const rows = Object.fromEntries(MEMORY_ROWS.map((name) => [name, 0])) as Record<
      MemoryRowName,
      number
    >;
    for (const [part, bytes] of Object.entries(parts)) rows[rowOf(part)] += bytes;
    return rows;
  });
}

function rowOf(part: string): MemoryRowName {
  return ROW_OF_PART[part] ?? "overhead";
}

function leastCertain(parts: readonly MemoryPart[]): Certainty {
  return (
    LEAST_CERTAIN_FIRST.find((certainty) => parts.some((part) => part.certainty === certainty)) ??
    "exact"
  );
}
