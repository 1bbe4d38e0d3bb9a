/** The record of a run: every allocation with its name, and the order in which storages come and go. */

import type { Dtype } from "../../units/dtype.js";
import type { Loop } from "./loop.js";
import { LOADING } from "./phase.js";
import type { Phase } from "./phase.js";

/** Role of a storage. `activations` also covers transients and gradients of activations. */
export const KINDS = [
  "weights",
  "reference",
  "adapter_a",
  "adapter_b",
  "adapter_other",
  "optimizer",
  "gradients",
  "checkpoints",
  "activations",
  "logits",
  "communication",
  "buffers",
  "dequantized",
  "workspace",
  "batch",
] as const;
export type Kind = (typeof KINDS)[number];

/** One storage. Everything but `kind` is fixed when it is allocated. */
export interface Allocation {
  readonly bytes: number;
  /** Gradients and checkpoints are recognised only after they were made. */
  kind: Kind;
  /** PyTorch operator that made it. */
  readonly tag: string;
  /** Path of the module that was running; in backward, of the one whose forward made the node. None outside modules. */
  readonly module: string | undefined;
  /** The same object for everything made in one phase. */
  readonly phase: Phase;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Made on a CUDA stream beside the usual one: on the next one, in turn, or on the same as the allocation before. */
  readonly stream?: SideStream;
}

export type SideStream = "next" | "same";

/** Start of one iteration of a repeated piece of work (layer, loss chunk), at an event index. */
export interface Mark {
  readonly event: number;
  /** Undefined where the run leaves it. */
  readonly loop: Loop | undefined;
  readonly iteration: number;
  /** A micro-batch starts here, or the last one of its step has ended. */
  readonly lap?: "start" | "end";
}

/** Events in order: `id` for an allocation, `~id` (negative) for the release of storage `id`. */
export class Tape {
  readonly allocations: Allocation[] = [];
  readonly events: number[] = [];
  readonly marks: Mark[] = [];
  phase: Phase = LOADING;

  allocate(allocation: Allocation): number {
    const id = this.allocations.length;
    this.allocations.push(allocation);
    this.events.push(id);
    return id;
  }

  release(id: number): void {
    this.events.push(~id);
  }

  mark(loop: Loop | undefined, iteration = 0): void {
    this.marks.push({ event: this.events.length, loop, iteration });
  }

  markLap(lap: "start" | "end"): void {
    this.marks.push({ event: this.events.length, loop: undefined, iteration: 0, lap });
  }
}
