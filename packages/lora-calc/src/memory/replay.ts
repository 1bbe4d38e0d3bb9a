/** Plays a recording through the allocator: peaks, what is alive at the peak, and the course of the second step. */

import { CachingAllocator } from "./allocator.js";
import type { Block } from "./allocator.js";
import type { Allocation, Kind } from "./machine/tape.js";
import { KINDS } from "./machine/tape.js";
import type { RecordedStep } from "./run-step.js";

/** Requested bytes alive per kind, in the order of KINDS. */
type KindBytes = readonly number[];

/** Highest point of one stretch of the second step. */
export interface Moment {
  readonly phase: string;
  readonly loop: string | undefined;
  readonly iteration: number;
  readonly allocated: number;
  readonly bytes: KindBytes;
}

export interface Replay {
  readonly allocatedPeak: number;
  readonly reservedPeak: number;
  /** Index of the event that reaches the allocated peak. */
  readonly peakEvent: number;
  readonly moments: readonly Moment[];
}

const KIND_INDEX: ReadonlyMap<Kind, number> = new Map(KINDS.map((kind, index) => [kind, index]));

/** Steps whose course is kept: the second one, which has the optimizer state of the first. */
const SHOWN_STEP = "step1";

export function replay(step: RecordedStep): Replay {
  const { events, origins, marks } = step.recording;
  const facts = factsOf(step.tape.allocations);
  const allocator = new CachingAllocator();
  const live: (Block | undefined)[] = [];
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
      course.release(fact);
      continue;
    }
    const before = allocator.peakAllocated;
    live[id] = allocator.malloc(fact.bytes);
    if (allocator.peakAllocated > before) peakEvent = at;
    course.allocate(fact, allocator.allocated);
  }
  return {
    allocatedPeak: allocator.peakAllocated,
    reservedPeak: allocator.peakReserved,
    peakEvent,
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

/** What the course needs of an allocation, looked up once although a stretched run plays it many times. */
interface Fact {
  readonly bytes: number;
  /** Index in KINDS. */
  readonly kind: number;
  readonly phase: string;
  readonly isShown: boolean;
}

function factsOf(allocations: readonly Allocation[]): readonly Fact[] {
  return allocations.map(({ bytes, kind, phase }) => ({
    bytes,
    kind: KIND_INDEX.get(kind) ?? 0,
    phase,
    isShown: phase.startsWith(SHOWN_STEP),
  }));
}

/** Running totals per kind, and the highest moment of every stretch of the shown step. */
class Course {
  private readonly bytes: number[] = KINDS.map(() => 0);
  private readonly moments: Moment[] = [];
  private loop: string | undefined;
  private iteration = -1;
  /** Phase of the open stretch; undefined before its first allocation. */
  private phase: string | undefined;
  private highest = 0;
  /** Totals per kind at the highest point. Written over and over: most allocations reach a new height. */
  private readonly highestBytes: number[] = KINDS.map(() => 0);

  begin(loop: string | undefined, iteration: number): void {
    this.close();
    this.loop = loop;
    this.iteration = iteration;
  }

  allocate({ bytes, kind, phase, isShown }: Fact, allocated: number): void {
    this.bytes[kind] = (this.bytes[kind] ?? 0) + bytes;
    if (!isShown) return;
    if (this.phase !== phase) this.close();
    else if (allocated <= this.highest) return;
    this.phase = phase;
    this.highest = allocated;
    for (let index = 0; index < KINDS.length; index += 1) {
      this.highestBytes[index] = this.bytes[index] ?? 0;
    }
  }

  release({ bytes, kind }: Fact): void {
    this.bytes[kind] = (this.bytes[kind] ?? 0) - bytes;
  }

  finish(): readonly Moment[] {
    this.close();
    return this.moments;
  }

  private close(): void {
    const { phase, loop, iteration, highest: allocated } = this;
    if (phase !== undefined) {
      this.moments.push({ phase, loop, iteration, allocated, bytes: [...this.highestBytes] });
    }
    this.phase = undefined;
  }
}
