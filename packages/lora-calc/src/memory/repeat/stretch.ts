/**
 * From the recording of a sampled run to the events of the whole run. Inside a loop a release refers to an allocation of the
 * same or a neighbouring iteration, so a copied iteration releases the allocations of its own neighbours; or to one far
 * away, which stands for itself. Whether the pattern really repeats is checked on the recording.
 */

import type { Mark, Tape } from "../machine/tape.js";
import { IntList } from "./int-list.js";
import type { Loop } from "../machine/loop.js";
import { passesOf, segmentsOf } from "./segments.js";
import type { Pass, Segment } from "./segments.js";
import { missing } from "../../problem/missing.js";

/** The events of a whole run. Ids number its allocations in order. */
export interface Recording {
  /** `id` for an allocation, `~id` for its release. */
  readonly events: Int32Array;
  /** Per id: index in `tape.allocations` of the allocation that stands for it. */
  readonly origins: Int32Array;
  /** Per id: real iteration of the loop it was made in, −1 outside loops. */
  readonly iterations: Int32Array;
  /** Starts of iterations, with their real index, and of what lies between loops. */
  readonly marks: readonly Mark[];
}

/** No id yet. */
const NONE = -1;

/** Where the allocations of the tape were made. */
interface Births {
  readonly pass: Int32Array;
  /** Position of the iteration among those that were run. */
  readonly position: Int32Array;
  /** Place among the allocations of its segment. */
  readonly order: Int32Array;
}

/** The whole run, or undefined when the pattern does not repeat, so that every iteration has to be run. */
export function stretch(tape: Tape): Recording | undefined {
  const segments = segmentsOf(tape);
  const passes = passesOf(segments);
  const stretcher = new Stretcher(tape, segments, passes);
  return stretcher.repeats() ? stretcher.run() : undefined;
}

class Stretcher {
  private readonly tape: Tape;
  private readonly segments: readonly Segment[];
  private readonly passes: readonly Pass[];
  private readonly births: Births;
  /** The loop of every pass, where not all of its iterations are run. */
  private readonly sampledLoops: readonly (Loop | undefined)[];
  /** Per pass, by real iteration + 1: id of the first allocation made there. */
  private readonly firstIds: number[][];
  private readonly events = new IntList();
  private readonly origins = new IntList();
  private readonly iterations = new IntList();
  private readonly marks: Mark[] = [];

  constructor(tape: Tape, segments: readonly Segment[], passes: readonly Pass[]) {
    this.tape = tape;
    this.segments = segments;
    this.passes = passes;
    this.sampledLoops = passes.map(({ loop }) =>
      loop !== undefined && loop.omitted > 0 ? loop : undefined,
    );
    this.births = birthsOf(tape, segments, passes);
    this.firstIds = passes.map(() => []);
  }

  /** Every pass over a sampled loop is complete, and the period behind the gap equals the pattern. */
  repeats(): boolean {
    return this.passes.every((pass, index) => {
      const sample = this.sampledLoops[index];
      if (sample === undefined) return true;
      if (pass.segments.length !== sample.indices.length) return false;
      for (let offset = 0; offset < sample.period; offset += 1) {
        const position = sample.pattern + offset;
        if (!this.sameEvents(index, position, position + sample.period)) return false;
      }
      return true;
    });
  }

  run(): Recording {
    this.passes.forEach((pass, index) => this.runPass(pass, index));
    return {
      events: this.events.toArray(),
      origins: this.origins.toArray(),
      iterations: this.iterations.toArray(),
      marks: this.marks,
    };
  }

  private runPass(pass: Pass, passIndex: number): void {
    const sample = this.sampledLoops[passIndex];
    if (sample === undefined) {
      for (const segment of pass.segments) this.emit(segment, passIndex, this.realIndex(segment));
      return;
    }
    const { pattern, period, omitted, indices } = sample;
    const gap = pattern + period;
    const at = (position: number): number => this.segmentAt(pass, position);
    const before = indices.map((_, position) => position).filter((position) => position < gap);
    const behind = indices.map((_, position) => position).filter((position) => position >= gap);
    const copies = Array.from({ length: omitted }, (_, copy) => copy);
    const emitAt = (position: number): void =>
      this.emit(at(position), passIndex, indices[position] ?? -1);
    const emitCopy = (copy: number): void =>
      this.emit(at(pattern + (copy % period)), passIndex, gap + copy);
    const parts = [
      () => before.forEach(emitAt),
      () => copies.forEach(emitCopy),
      () => behind.forEach(emitAt),
    ];
    if (pass.direction === 1) {
      for (const part of parts) part();
      return;
    }
    for (const list of [before, copies, behind]) list.reverse();
    for (const part of parts.reverse()) part();
  }

  private setFirstId(pass: number, iteration: number): void {
    const ids = this.firstIds[pass];
    if (ids === undefined) return;
    while (ids.length <= iteration) ids.push(NONE);
    ids[iteration + 1] = this.origins.length;
  }

  /** Repeats the events of one segment as real iteration `iteration`. */
  private emit(segmentIndex: number, pass: number, iteration: number): void {
    const segment = this.segments[segmentIndex];
    if (segment === undefined) return;
    this.setFirstId(pass, iteration);
    const { loop, lap, start, end } = segment;
    const { tape, events, origins, iterations } = this;
    const mark = { event: events.length, loop, iteration };
    this.marks.push(lap === undefined ? mark : { ...mark, lap });
    const madeIn = loop === undefined ? -1 : iteration;
    for (let at = start; at < end; at += 1) {
      const event = tape.events[at] ?? missing();
      if (event >= 0) {
        events.push(origins.length);
        origins.push(event);
        iterations.push(madeIn);
      } else {
        this.emitRelease(~event, segment, iteration);
      }
    }
  }

  private emitRelease(allocation: number, from: Segment, iteration: number): void {
    const position = this.births.position[allocation] ?? missing();
    const sample = this.sampledLoops[this.births.pass[allocation] ?? NONE];
    if (sample === undefined) {
      this.release(allocation, position);
    } else if (from.loop === sample && Math.abs(position - from.position) <= sample.period) {
      this.release(allocation, iteration + position - from.position);
    } else {
      this.release(allocation, sample.indices[position] ?? -1);
      this.releaseCopies(allocation, position, sample);
    }
  }

  /** From outside a loop, releasing a tensor of the pattern releases those of all iterations it stands for. */
  private releaseCopies(
    allocation: number,
    position: number,
    { pattern, period, omitted }: Loop,
  ): void {
    const offset = position - pattern;
    if (offset < 0 || offset >= period) return;
    for (let copy = offset; copy < omitted; copy += period) {
      this.release(allocation, pattern + period + copy);
    }
  }

  /** Releases what stands for an allocation in a real iteration. */
  private release(allocation: number, iteration: number): void {
    const first = this.firstIds[this.births.pass[allocation] ?? NONE]?.[iteration + 1] ?? NONE;
    if (first === NONE) throw new Error("a release refers to an iteration that was not run");
    this.events.push(~(first + (this.births.order[allocation] ?? missing())));
  }

  /** Whether two iterations of a pass allocate the same and release the same neighbours. */
  private sameEvents(pass: number, left: number, right: number): boolean {
    const first = this.segments[this.segmentAt(this.passes[pass], left)];
    const second = this.segments[this.segmentAt(this.passes[pass], right)];
    if (first === undefined || second === undefined) return false;
    if (first.end - first.start !== second.end - second.start) return false;
    for (let at = 0; at < first.end - first.start; at += 1) {
      const one = this.tape.events[first.start + at] ?? missing();
      const other = this.tape.events[second.start + at] ?? missing();
      if (one >= 0 !== other >= 0) return false;
      if (
        one >= 0 ? !this.sameAllocation(one, other) : !this.sameTarget(~one, left, ~other, right)
      ) {
        return false;
      }
    }
    return true;
  }

  private sameAllocation(one: number, other: number): boolean {
    return this.tape.allocations[one]?.bytes === this.tape.allocations[other]?.bytes;
  }

  private sameTarget(one: number, left: number, other: number, right: number): boolean {
    const { pass, position, order } = this.births;
    return (
      pass[one] === pass[other] &&
      order[one] === order[other] &&
      (position[one] ?? missing()) - left === (position[other] ?? missing()) - right
    );
  }

  private segmentAt(pass: Pass | undefined, position: number): number {
    if (pass === undefined) return -1;
    const { segments, direction } = pass;
    return segments[direction === 1 ? position : segments.length - 1 - position] ?? -1;
  }

  private realIndex(segment: number): number {
    return this.segments[segment]?.position ?? -1;
  }
}

/** Every allocation is made in one segment, and ids go in the order of time. */
function birthsOf(tape: Tape, segments: readonly Segment[], passes: readonly Pass[]): Births {
  const count = tape.allocations.length;
  const [pass, position, order] = [
    new Int32Array(count),
    new Int32Array(count),
    new Int32Array(count),
  ];
  let id = 0;
  passes.forEach((each, passIndex) => {
    for (const index of each.segments) {
      const segment = segments[index];
      if (segment === undefined) continue;
      const first = id;
      for (let at = segment.start; at < segment.end; at += 1) {
        if ((tape.events[at] ?? -1) < 0) continue;
        pass[id] = passIndex;
        position[id] = segment.position;
        order[id] = id - first;
        id += 1;
      }
    }
  });
  return { pass, position, order };
}
