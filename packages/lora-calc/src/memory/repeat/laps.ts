/** Which events of a recording are the micro-batch that stands for all further ones of its step. */

import type { Recording } from "./stretch.js";

/** Events `start` to `end` are repeated; the ids born there and in the micro-batch before, which are its mirror. */
export interface Lap {
  readonly start: number;
  readonly end: number;
  readonly firstId: number;
  /** Ids born in the repeated micro-batch, and as many in the one before. */
  readonly births: number;
}

/** The last micro-batch of every step, where it does the same as the one before. */
export function lapsOf({ events, marks }: Recording): readonly Lap[] {
  const laps: Lap[] = [];
  let starts: number[] = [];
  for (const { event, lap } of marks) {
    if (lap === "start") starts.push(event);
    if (lap !== "end") continue;
    const [before, start] = starts.slice(-2);
    if (before !== undefined && start !== undefined) {
      const births = birthsIn(events, start, event);
      const isMirror =
        births === birthsIn(events, before, start) && event - start === start - before;
      if (isMirror) laps.push({ start, end: event, firstId: firstIdFrom(events, start), births });
    }
    starts = [];
  }
  return laps;
}

function birthsIn(events: Int32Array, start: number, end: number): number {
  let births = 0;
  for (let at = start; at < end; at += 1) if ((events[at] ?? -1) >= 0) births += 1;
  return births;
}

/** Ids number the allocations in the order of their events. */
function firstIdFrom(events: Int32Array, start: number): number {
  for (let at = start; at < events.length; at += 1) {
    const event = events[at] ?? -1;
    if (event >= 0) return event;
  }
  return events.length;
}
