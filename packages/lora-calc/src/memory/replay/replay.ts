/** What the allocator makes of a recorded step: peaks, parts at the peak, and the course of the second step. */

import { CachingAllocator } from "./allocator.js";
import { Course } from "./course.js";
import type { Moment } from "./course.js";
import { play } from "./play.js";
import { roundUpOf } from "./roundup.js";
import type { RecordedStep } from "../programs/run-step.js";

export interface Replay {
  readonly allocatedPeak: number;
  readonly reservedPeak: number;
  /** Index of the event that reaches the allocated peak. */
  readonly peakEvent: number;
  /** Repetition of the last micro-batch in which it does. */
  readonly peakRepeat: number;
  /** Bytes per part at the peak, in the order of PARTS: what the allocator hands out. They add up to the peak. */
  readonly partBytes: readonly number[];
  readonly moments: readonly Moment[];
  /** Reserved when all is loaded. */
  readonly loaded: number;
  /** Events that were played: the work. */
  readonly played: number;
}

export function replay(step: RecordedStep): Replay {
  const allocator = new CachingAllocator();
  const course = new Course(step.tape.allocations, step.shownStep);
  let loaded = 0;
  const onLoaded = (): void => {
    loaded = allocator.peakReserved;
  };
  const played = play(step, allocator, { course, onLoaded });
  const { peakBytes, moments } = course.finish();
  return {
    allocatedPeak: allocator.peakAllocated,
    reservedPeak: allocator.peakReserved,
    peakEvent: course.peakEvent,
    peakRepeat: course.peakRepeat,
    partBytes: peakBytes,
    moments,
    loaded,
    played,
  };
}

/** Reserved memory with `expandable_segments:True`, and with what else is set beside it. Unit: bytes. */
export interface Reserved {
  /** When all is loaded, before the first batch. */
  readonly loaded: number;
  readonly peak: number;
}

export function reservedExpandable(step: RecordedStep, roundup = ""): Reserved {
  const allocator = new CachingAllocator({ expandableSegments: true, roundUp: roundUpOf(roundup) });
  let loaded = 0;
  const onLoaded = (): void => {
    loaded = allocator.peakReserved;
  };
  play(step, allocator, { onLoaded });
  return { loaded, peak: allocator.peakReserved };
}
