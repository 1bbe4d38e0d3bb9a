/** Plays the events of a recorded step through an allocator, with the micro-batches that were not run. */

import type { CachingAllocator } from "./allocator.js";
import { NO_BLOCK } from "./blocks.js";
import type { Course } from "./course.js";
import type { Phase } from "../machine/phase.js";
import type { Mark } from "../machine/tape.js";
import { lapsOf } from "../repeat/laps.js";
import type { Lap } from "../repeat/laps.js";
import { NEXT_STREAM } from "../programs/run-step.js";
import type { RecordedStep } from "../programs/run-step.js";
import { missing } from "../../problem/missing.js";

/**
 * Events of repeated micro-batches that are played at most per step, about 0.1 s. The circle is found after 2 to 10
 * repetitions; an 8B model has 25,000 events in each. Past it only fragmentation could still change.
 */
const MAX_REPEATED_EVENTS = 400_000;

/** CUDA streams of a device that `torch.cuda.Stream()` deals out in turn. Source: torch 2.13 c10/cuda/CUDAStream.h. */
const POOL_STREAMS = 32;

/** Who looks on. */
interface Witnesses {
  readonly course?: Course;
  /** Told when all that lies there before the first batch has been made. */
  readonly onLoaded?: () => void;
}

/** Index of the first event in such a phase. */
function startOf(
  { tape, recording: { events, origins } }: RecordedStep,
  isSuch: (phase: Phase) => boolean,
): number {
  return events.findIndex((event) => {
    const allocation = event < 0 ? undefined : tape.allocations[origins[event] ?? missing()];
    return allocation !== undefined && isSuch(allocation.phase);
  });
}

/**
 * Every event in order; how many were played. A micro-batch is repeated until the allocator looks as it did some repetitions earlier: what
 * follows goes round in that circle, so only the rest of its last round is played.
 */
export function play(
  step: RecordedStep,
  allocator: CachingAllocator,
  { course, onLoaded }: Witnesses = {},
): number {
  const { events } = step.recording;
  const player = new Player(step, allocator, course);
  const loaded = startOf(step, ({ step: number }) => number !== undefined);
  let at = 0;
  if (step.emptiesCache.includes("adapters")) {
    at = startOf(step, ({ part }) => part === "adapters");
    player.run(0, at, 0);
    allocator.emptyCache();
  }
  player.run(at, loaded, 0);
  if (step.emptiesCache.includes("batches")) allocator.emptyCache();
  onLoaded?.();
  at = loaded;
  for (const lap of step.repeats > 0 ? lapsOf(step.recording) : []) {
    player.run(at, lap.end, 0);
    const playable = Math.floor(MAX_REPEATED_EVENTS / (lap.end - lap.start));
    player.repeat(lap, Math.min(step.repeats, playable));
    at = lap.end;
  }
  player.run(at, events.length, 0);
  return player.played;
}

class Player {
  /** Events so far: the work that was done. */
  played = 0;
  private readonly step: RecordedStep;
  private readonly allocator: CachingAllocator;
  private readonly course: Course | undefined;
  /** Streams that were dealt out so far. */
  private dealt = 0;
  /** Block of every id. */
  private readonly live: Int32Array;

  constructor(step: RecordedStep, allocator: CachingAllocator, course: Course | undefined) {
    this.step = step;
    this.allocator = allocator;
    this.course = course;
    this.live = new Int32Array(step.recording.origins.length).fill(NO_BLOCK);
  }

  run(start: number, end: number, repeat: number): void {
    const { course, step } = this;
    let at = start;
    if (course !== undefined) {
      for (const mark of marksBetween(step.recording.marks, start, end)) {
        this.runEvents(at, mark.event);
        course.begin(mark, repeat);
        at = mark.event;
      }
    }
    this.runEvents(at, end);
  }

  private runEvents(start: number, end: number): void {
    this.played += end - start;
    const { allocator, live, course } = this;
    const { sizes, recording, streams, emptiesBefore } = this.step;
    const { events, origins } = recording;
    for (let at = start; at < end; at += 1) {
      const event = events[at] ?? missing();
      if (event >= 0) {
        const origin = origins[event] ?? missing();
        if (emptiesBefore?.has(origin) === true) allocator.emptyCache();
        const side = streams?.[origin] ?? 0;
        if (side === NEXT_STREAM) this.dealt += 1;
        const stream = side === 0 ? 0 : 1 + (this.dealt % POOL_STREAMS);
        const block = allocator.malloc(sizes[origin] ?? missing(), stream);
        live[event] = block;
        course?.allocate(at, origin, allocator.sizeOf(block), allocator.allocated);
        continue;
      }
      const block = live[~event] ?? NO_BLOCK;
      if (block === NO_BLOCK) continue;
      live[~event] = NO_BLOCK;
      course?.release(origins[~event] ?? missing(), allocator.sizeOf(block));
      allocator.free(block);
    }
  }

  repeat(lap: Lap, repeats: number): void {
    const seen = new Map([[this.fingerprint(lap), 0]]);
    let last = repeats;
    for (let repeat = 1; repeat <= last; repeat += 1) {
      // What survives of a micro-batch is released by the next one under the ids of its mirror.
      for (let id = lap.firstId; id < lap.firstId + lap.births; id += 1) {
        const block = this.live[id] ?? NO_BLOCK;
        if (block === NO_BLOCK) continue;
        this.live[id - lap.births] = block;
        this.live[id] = NO_BLOCK;
      }
      this.run(lap.start, lap.end, repeat);
      if (last < repeats) continue;
      const state = this.fingerprint(lap);
      const earlier = seen.get(state);
      if (earlier !== undefined) last = repeat + ((repeats - repeat) % (repeat - earlier));
      seen.set(state, repeat);
    }
  }

  /** What later allocations depend on: the free blocks, and where the survivors of the micro-batch lie. */
  private fingerprint({ firstId, births }: Lap): string {
    const survivors: number[] = [];
    for (let id = firstId; id < firstId + births; id += 1) {
      const block = this.live[id] ?? NO_BLOCK;
      if (block !== NO_BLOCK) survivors.push(this.allocator.addressOf(block));
    }
    return `${this.allocator.freeLayout()}|${survivors.join()}`;
  }
}

/** Marks are in the order of their events. */
function marksBetween(marks: readonly Mark[], start: number, end: number): readonly Mark[] {
  return marks.filter(({ event }) => event >= start && event < end);
}
