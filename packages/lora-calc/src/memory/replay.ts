/** Plays a recording through the allocator: peaks, what every tensor occupies, and the course of the second step. */

import { CachingAllocator } from "./allocator.js";
import type { Block } from "./allocator.js";
import { Course } from "./course.js";
import type { Moment } from "./course.js";
import type { Allocation } from "./machine/tape.js";
import { PART_INDEX } from "./parts.js";
import type { RecordedStep } from "./run-step.js";

export interface Replay {
  readonly allocatedPeak: number;
  readonly reservedPeak: number;
  /** Index of the event that reaches the allocated peak. */
  readonly peakEvent: number;
  /** Bytes that the allocator hands out, per id of the recording: the request rounded up, and rests it does not split off. */
  readonly sizes: Float64Array;
  readonly moments: readonly Moment[];
}

/** Steps whose course is kept: the second one, which has the optimizer state of the first. */
const SHOWN_STEP = "step1";

export function replay(step: RecordedStep): Replay {
  const { events, origins, marks } = step.recording;
  const facts = factsOf(step.tape.allocations);
  const allocator = new CachingAllocator();
  const live: (Block | undefined)[] = [];
  const sizes = new Float64Array(origins.length);
  const course = new Course();
  let peakEvent = 0;
  let nextMark = 0;
  for (let at = 0; at < events.length; at += 1) {
    const mark = marks[nextMark];
    if (mark?.event === at) {
      while (marks[nextMark]?.event === at) nextMark += 1;
      course.begin(marks[nextMark - 1]?.loop, marks[nextMark - 1]?.iteration ?? -1);
    }
    const event = events[at] ?? 0;
    const id = event < 0 ? ~event : event;
    const fact = facts[origins[id] ?? -1];
    if (fact === undefined) throw new Error("an event refers to no allocation");
    if (event < 0) {
      const block = live[id];
      if (block !== undefined) allocator.free(block);
      course.release(fact.part, sizes[id] ?? 0);
      continue;
    }
    const before = allocator.peakAllocated;
    const block = allocator.malloc(fact.bytes);
    live[id] = block;
    sizes[id] = block.size;
    if (allocator.peakAllocated > before) peakEvent = at;
    course.allocate(fact, block.size, allocator.allocated);
  }
  return {
    allocatedPeak: allocator.peakAllocated,
    reservedPeak: allocator.peakReserved,
    peakEvent,
    sizes,
    moments: course.finish(),
  };
}

/** Reserved peak with `expandable_segments:True`. Unit: bytes. */
export function reservedExpandable({ tape, recording }: RecordedStep): number {
  const { events, origins } = recording;
  const sizes = tape.allocations.map(({ bytes }) => bytes);
  const allocator = new CachingAllocator({ expandableSegments: true });
  const live: (Block | undefined)[] = [];
  for (const event of events) {
    if (event < 0) {
      const block = live[~event];
      if (block !== undefined) allocator.free(block);
    } else {
      live[event] = allocator.malloc(sizes[origins[event] ?? -1] ?? 0);
    }
  }
  return allocator.peakReserved;
}

/** What the replay needs of an allocation, looked up once although a stretched run plays it many times. */
interface Fact {
  readonly bytes: number;
  /** Index in PARTS. */
  readonly part: number;
  readonly phase: string;
  readonly isShown: boolean;
}

function factsOf(allocations: readonly Allocation[]): readonly Fact[] {
  return allocations.map(({ bytes, kind, phase }) => ({
    bytes,
    part: PART_INDEX.get(kind) ?? 0,
    phase,
    isShown: phase.startsWith(SHOWN_STEP),
  }));
}
