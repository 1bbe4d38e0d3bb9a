/** The course of a step: the highest moment of every stretch of it (a layer, a chunk of the loss, what lies between). */

import type { Loop } from "../machine/loop.js";
import { isSamePhase } from "../machine/phase.js";
import type { Phase } from "../machine/phase.js";
import type { Allocation, Mark } from "../machine/tape.js";
import { PART_INDEX, PARTS } from "./parts.js";
import { missing } from "../../problem/missing.js";

/** Highest point of one stretch. */
export interface Moment {
  readonly phase: Phase;
  readonly loop: Loop | undefined;
  readonly iteration: number;
  readonly allocated: number;
  /** Bytes per part, in the order of PARTS; they add up to `allocated`. */
  readonly bytes: readonly number[];
}

const NOT_SHOWN = -1;

/** Points beyond which neighbours are joined: as many as a chart can show. */
const MAX_MOMENTS = 200;

/**
 * Running totals per part, their highest moment, and the highest moment of every stretch that is shown. Told of every
 * event by the index of its allocation on the tape: the facts are columns, for a hundred thousand events.
 */
export class Course {
  /** Index of the event that reaches the peak. */
  peakEvent = 0;
  /** Repetition of the last micro-batch in which it does. */
  peakRepeat = 0;
  /** Per allocation: index in PARTS. */
  private readonly partOf: Uint8Array;
  /** Per allocation: index in `phases`, or NOT_SHOWN. */
  private readonly phaseOf: Int32Array;
  private readonly phases: readonly Phase[];
  /** Bytes per part now, in the order of PARTS. */
  private readonly bytes = new Float64Array(PARTS.length);
  private readonly peak = new Summit(this.bytes);
  private readonly highest = new Summit(this.bytes);
  private readonly moments: Moment[] = [];
  private loop: Loop | undefined;
  private iteration = -1;
  private repeat = 0;
  /** Phase of the open stretch. */
  private phase = NOT_SHOWN;

  /** `shownStep`: whose course is kept. */
  constructor(allocations: readonly Allocation[], shownStep: number) {
    const phases = new Map<Phase, number>();
    this.partOf = new Uint8Array(allocations.length);
    this.phaseOf = new Int32Array(allocations.length).fill(NOT_SHOWN);
    allocations.forEach(({ kind, phase }, index) => {
      this.partOf[index] = PART_INDEX.get(kind) ?? missing();
      if (phase.step !== shownStep) return;
      const known = phases.get(phase) ?? phases.size;
      phases.set(phase, known);
      this.phaseOf[index] = known;
    });
    this.phases = [...phases.keys()];
  }

  /** An iteration of a loop begins, or what lies between loops. */
  begin({ loop, iteration }: Mark, repeat: number): void {
    this.close();
    this.repeat = repeat;
    this.loop = loop;
    this.iteration = iteration;
  }

  /** Event `at` takes a block of `size` bytes for an allocation; `allocated` is the new total. */
  allocate(at: number, allocation: number, size: number, allocated: number): void {
    const phase = this.phaseOf[allocation] ?? NOT_SHOWN;
    if (this.phase !== phase) {
      this.close();
      this.phase = phase;
    }
    const part = this.partOf[allocation] ?? missing();
    this.bytes[part] = (this.bytes[part] ?? missing()) + size;
    if (phase !== NOT_SHOWN) this.highest.reach(allocated);
    if (!this.peak.reach(allocated)) return;
    this.peakEvent = at;
    this.peakRepeat = this.repeat;
  }

  release(allocation: number, size: number): void {
    this.peak.leave();
    this.highest.leave();
    const part = this.partOf[allocation] ?? missing();
    this.bytes[part] = (this.bytes[part] ?? missing()) - size;
  }

  /** Bytes per part at the highest moment of the run, and the moments of what is shown. */
  finish(): { readonly peakBytes: readonly number[]; readonly moments: readonly Moment[] } {
    this.close();
    this.peak.leave();
    return { peakBytes: [...this.peak.bytes], moments: thinned(this.moments) };
  }

  private close(): void {
    const { loop, iteration, highest } = this;
    highest.leave();
    const phase = this.phases[this.phase];
    if (phase !== undefined) {
      const { height: allocated, bytes } = highest;
      const named = repeatedPhase(phase, this.repeat);
      this.moments.push({ phase: named, loop, iteration, allocated, bytes: [...bytes] });
    }
    this.phase = NOT_SHOWN;
    highest.height = 0;
  }
}

/**
 * The highest point since it was set back. Its totals are copied when a release leaves it: most allocations only reach a
 * new height.
 */
class Summit {
  height = 0;
  readonly bytes = new Float64Array(PARTS.length);
  private readonly totals: Float64Array;
  private isHere = false;

  constructor(totals: Float64Array) {
    this.totals = totals;
  }

  reach(height: number): boolean {
    if (height <= this.height) return false;
    this.height = height;
    this.isHere = true;
    return true;
  }

  leave(): void {
    if (!this.isHere) return;
    this.bytes.set(this.totals);
    this.isHere = false;
  }
}

/** The phase of a repetition: that of micro-batch 2, repeated twice, is that of micro-batch 4. */
export function repeatedPhase(phase: Phase, repeat: number): Phase {
  const { micro } = phase;
  return micro === undefined || repeat === 0 ? phase : { ...phase, micro: micro + repeat };
}

/** Joins neighbours of one phase and loop until few enough points are left; of joined points the highest stays. */
function thinned(moments: readonly Moment[]): readonly Moment[] {
  let kept = moments;
  for (let width = 2; kept.length > MAX_MOMENTS && width <= moments.length; width += 1) {
    kept = joined(moments, width);
  }
  return kept;
}

function joined(moments: readonly Moment[], width: number): readonly Moment[] {
  const kept: Moment[] = [];
  let first: Moment | undefined;
  let count = 0;
  for (const moment of moments) {
    const last = kept.at(-1);
    const joins =
      last !== undefined &&
      count < width &&
      first !== undefined &&
      isSamePhase(first.phase, moment.phase) &&
      first.loop === moment.loop;
    if (!joins) {
      first = moment;
      count = 1;
      kept.push(moment);
      continue;
    }
    count += 1;
    if (moment.allocated > last.allocated) kept[kept.length - 1] = moment;
  }
  return kept;
}
