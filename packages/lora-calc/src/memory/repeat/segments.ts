/** The tape cut into iterations, and the iterations grouped into passes over a loop. */

import type { Loop } from "../machine/loop.js";
import type { Mark, Tape } from "../machine/tape.js";

/** Events `start` to `end` of the tape: one iteration of a loop, or what lies between loops. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly loop: Loop | undefined;
  /** Position of the iteration among those that were run. */
  readonly position: number;
  readonly lap: Mark["lap"];
}

/** Consecutive iterations of one loop, forwards or backwards; or a single segment outside loops. */
export interface Pass {
  readonly loop: Loop | undefined;
  /** 1 forwards, −1 backwards. */
  readonly direction: 1 | -1;
  /** Segments in order of time, as indices. */
  readonly segments: readonly number[];
}

export function segmentsOf(tape: Tape): readonly Segment[] {
  const segments: Segment[] = [];
  let open: Mark = { event: 0, loop: undefined, iteration: 0 };
  for (const mark of [
    ...tape.marks,
    { event: tape.events.length, loop: undefined, iteration: 0 },
  ]) {
    const { event: start, loop, iteration: position, lap } = open;
    if (mark.event > start || loop !== undefined || lap !== undefined) {
      segments.push({ start, end: mark.event, loop, position, lap });
    }
    open = mark;
  }
  return segments;
}

export function passesOf(segments: readonly Segment[]): readonly Pass[] {
  const passes: { loop: Loop | undefined; direction: 1 | -1; segments: number[] }[] = [];
  segments.forEach(({ loop, position }, index) => {
    const pass = passes.at(-1);
    const previous = segments[index - 1];
    const step = previous === undefined ? 0 : position - previous.position;
    const continues =
      pass !== undefined &&
      loop !== undefined &&
      pass.loop === loop &&
      (step === 1 || step === -1) &&
      (pass.segments.length === 1 || pass.direction === step);
    if (!continues) {
      passes.push({ loop, direction: 1, segments: [index] });
      return;
    }
    pass.direction = step;
    pass.segments.push(index);
  });
  return passes;
}
