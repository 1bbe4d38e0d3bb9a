/** What the allocator makes of a recorded step: peaks, parts at the peak, and the course of the second step. */

import { CachingAllocator } from "./allocator.js";
import { Course } from "./course.js";
import type { Moment } from "./course.js";
import type { Allocation } from "./machine/tape.js";
import { PART_INDEX, PARTS } from "./parts.js";
import { play } from "./play.js";
import type { RecordedStep } from "./run-step.js";

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
}

/** Steps whose course is kept: the second one, which has the optimizer state of the first. */
const SHOWN_STEP = "step1";

export function replay(step: RecordedStep): Replay {
  const { origins } = step.recording;
  const facts = factsOf(step.tape.allocations);
  const allocator = new CachingAllocator();
  const course = new Course();
  const partBytes = new Float64Array(PARTS.length);
  let peak = 0;
  let peakEvent = 0;
  let peakRepeat = 0;
  play(step, allocator, {
    reached: ({ loop, iteration }, repeat) => {
      course.begin(loop, iteration, repeat);
    },
    allocated: (at, id, size, repeat) => {
      const fact = facts[origins[id] ?? -1];
      if (fact === undefined) throw new Error("an event refers to no allocation");
      course.allocate(fact, size, allocator.allocated);
      if (allocator.peakAllocated === peak) return;
      peak = allocator.peakAllocated;
      peakEvent = at;
      peakRepeat = repeat;
      partBytes.set(course.bytes);
    },
    freed: (id, size) => {
      course.release(facts[origins[id] ?? -1]?.part ?? 0, size);
    },
  });
  return {
    allocatedPeak: allocator.peakAllocated,
    reservedPeak: allocator.peakReserved,
    peakEvent,
    peakRepeat,
    partBytes: [...partBytes],
    moments: course.finish(),
  };
}

/** Reserved peak with `expandable_segments:True`. Unit: bytes. */
export function reservedExpandable(step: RecordedStep): number {
  const allocator = new CachingAllocator({ expandableSegments: true });
  play(step, allocator);
  return allocator.peakReserved;
}

/** What the replay needs of an allocation, looked up once although a stretched run plays it many times. */
interface Fact {
  /** Index in PARTS. */
  readonly part: number;
  readonly phase: string;
  readonly isShown: boolean;
}

function factsOf(allocations: readonly Allocation[]): readonly Fact[] {
  return allocations.map(({ kind, phase }) => ({
    part: PART_INDEX.get(kind) ?? 0,
    phase,
    isShown: phase.startsWith(SHOWN_STEP),
  }));
}
