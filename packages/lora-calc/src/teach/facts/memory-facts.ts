/** Where the memory of a run goes, and how little of it the trained parameters explain. */

import type { PartName } from "../../fields/result-names.js";
import type { Estimate, MemoryResult, TimelinePoint } from "../../result.js";

export interface MemoryFacts {
  /** Allocated peak. Unit: bytes. */
  readonly peak: number;
  readonly process: number;
  /** Shares of the peak, largest first. */
  readonly parts: readonly MemoryShare[];
  /** Weights unpacked for the matrix products at work at the peak. Unit: bytes. */
  readonly unpackedBytes: number;
  /** What the trained parameters cost over the step: themselves, their gradients and optimizer states. */
  readonly trained: TrainedState;
}

export interface MemoryShare {
  readonly name: string;
  readonly bytes: number;
  /** Of the peak. */
  readonly percent: number;
  readonly formula: string;
}

export interface TrainedState {
  readonly parameterBytes: number;
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
  readonly bytes: number;
  /** Of the peak. */
  readonly percent: number;
  readonly bytesPerParameter: number;
}

/** Memory of an answer as the chapters show it; undefined when it was not computed. In full training W itself is trained. */
export function memoryFacts(
  { memory, parameters }: Estimate,
  isFull: boolean,
): MemoryFacts | undefined {
  if (memory?.at_least !== undefined || memory === undefined) return undefined;
  const peak = memory.allocated_peak;
  const parts = memory.parts
    .filter(({ bytes }) => bytes > 0)
    .map(({ name, bytes, formula }) => ({ name, bytes, formula, percent: (100 * bytes) / peak }))
    .sort((a, b) => b.bytes - a.bytes);
  const highest = (part: PartName): number => highestOf(memory.timeline ?? [], part);
  const parameterBytes = isFull
    ? highest("weights")
    : highest("adapter_a") + highest("adapter_b") + highest("adapter_other");
  const gradientBytes = highest("gradients");
  const optimizerBytes = highest("optimizer");
  const bytes = parameterBytes + gradientBytes + optimizerBytes;
  return {
    peak,
    process: memory.process_peak,
    parts,
    unpackedBytes: unpackedBytes(memory),
    trained: {
      parameterBytes,
      gradientBytes,
      optimizerBytes,
      bytes,
      percent: (100 * bytes) / peak,
      bytesPerParameter: bytes / parameters.trainable,
    },
  };
}

function unpackedBytes({ parts }: MemoryResult): number {
  const scratch = parts.find(({ name }) => name === "workspace")?.tensors ?? [];
  return scratch
    .filter(({ op }) => op !== "cublas_workspace")
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Most bytes that a part holds at any moment of the step. */
export function highestOf(timeline: readonly TimelinePoint[], part: PartName): number {
  return timeline.reduce((most, { parts }) => Math.max(most, parts[part] ?? 0), 0);
}
