/** A stretch of the tape written once more: the micro-batches of the second step do what those of the first did. */

import type { Allocation, Tape } from "../machine/tape.js";
import { missing } from "../../problem/missing.js";

const NONE = -1;

/** A place on the tape: how much of it there is. */
export interface TapePlace {
  readonly events: number;
  readonly allocations: number;
  readonly marks: number;
}

export function placeOn({ events, allocations, marks }: Tape): TapePlace {
  return { events: events.length, allocations: allocations.length, marks: marks.length };
}

/** What was there before a stretch and what is there in its place before the copy, by id. */
export type Carried = ReadonlyMap<number, number>;

/** Whether a stretch ends nothing that was made before it, but for what is carried: then it can happen again. */
export function isRepeatable(tape: Tape, stretch: Stretch, carried: Carried): boolean {
  const { start, end } = stretch;
  for (let at = start.events; at < end.events; at += 1) {
    const event = tape.events[at] ?? missing();
    if (event < 0 && ~event < start.allocations && !carried.has(~event)) return false;
  }
  return true;
}

/** From one place of the tape to another. */
export interface Stretch {
  readonly start: TapePlace;
  readonly end: TapePlace;
}

/**
 * Appends the events of a stretch, with new storages for old ones; what `again` leaves out happens once only.
 * Returns the new id of an old one.
 */
export function copyEvents(
  tape: Tape,
  { start, end }: Stretch,
  carried: Carried,
  again: (allocation: Allocation) => Allocation | undefined,
): (id: number) => number | undefined {
  const copies = new Int32Array(end.allocations - start.allocations).fill(NONE);
  const copyOf = (id: number): number | undefined => {
    const copy = copies[id - start.allocations] ?? NONE;
    return copy === NONE ? carried.get(id) : copy;
  };
  let nextMark = start.marks;
  const copyMarks = (until: number): void => {
    for (; nextMark < end.marks; nextMark += 1) {
      const mark = tape.marks[nextMark];
      if (mark === undefined || mark.event > until) return;
      tape.marks.push({ ...mark, event: tape.events.length });
    }
  };
  for (let at = start.events; at < end.events; at += 1) {
    copyMarks(at);
    const event = tape.events[at] ?? missing();
    const id = event < 0 ? ~event : event;
    if (event < 0) {
      const copy = copyOf(id);
      if (copy !== undefined) tape.release(copy);
      continue;
    }
    const allocation = tape.allocations[id];
    const copy = allocation === undefined ? undefined : again(allocation);
    if (copy !== undefined) copies[id - start.allocations] = tape.allocate(copy);
  }
  copyMarks(end.events);
  return copyOf;
}
