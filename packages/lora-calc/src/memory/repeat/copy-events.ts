/** A stretch of the tape written once more: the micro-batches of the second step do what those of the first did. */

import type { Allocation, Tape } from "../machine/tape.js";

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

/** Whether a stretch ends nothing that was made before it: then it can happen again. */
export function isRepeatable(tape: Tape, start: TapePlace, end: TapePlace): boolean {
  for (let at = start.events; at < end.events; at += 1) {
    const event = tape.events[at] ?? 0;
    if (event < 0 && ~event < start.allocations) return false;
  }
  return true;
}

/**
 * Appends the events between two places, with new storages for old ones; what `again` leaves out happens once only.
 * Returns the new id of an old one.
 */
export function copyEvents(
  tape: Tape,
  start: TapePlace,
  end: TapePlace,
  again: (allocation: Allocation) => Allocation | undefined,
): (id: number) => number | undefined {
  const copies = new Int32Array(end.allocations - start.allocations).fill(NONE);
  const copyOf = (id: number): number | undefined => {
    const copy = copies[id - start.allocations] ?? NONE;
    return copy === NONE ? undefined : copy;
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
    const event = tape.events[at] ?? 0;
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
