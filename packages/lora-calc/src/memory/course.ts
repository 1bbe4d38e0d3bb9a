/** The course of a step: the highest moment of every stretch of it (a layer, a chunk of the loss, what lies between). */

import { PARTS } from "./parts.js";

/** Highest point of one stretch. */
export interface Moment {
  readonly phase: string;
  readonly loop: string | undefined;
  readonly iteration: number;
  readonly allocated: number;
  /** Bytes per part, in the order of PARTS; they add up to `allocated`. */
  readonly bytes: readonly number[];
}

interface Placed {
  readonly part: number;
  readonly phase: string;
  readonly isShown: boolean;
}

/** Points beyond which neighbours are joined: as many as a chart can show. */
const MAX_MOMENTS = 200;

/** Running totals per part, and the highest moment of every stretch that is shown. */
export class Course {
  /** Bytes per part now, in the order of PARTS. */
  readonly bytes: Float64Array = new Float64Array(PARTS.length);
  private readonly moments: Moment[] = [];
  private loop: string | undefined;
  private iteration = -1;
  private repeat = 0;
  /** Phase of the open stretch; undefined before its first allocation. */
  private phase: string | undefined;
  private highest = 0;
  /** Totals per part at the highest point. Written over and over: most allocations reach a new height. */
  private readonly highestBytes = new Float64Array(PARTS.length);

  begin(loop: string | undefined, iteration: number, repeat: number): void {
    this.close();
    this.repeat = repeat;
    this.loop = loop;
    this.iteration = iteration;
  }

  allocate({ part, phase, isShown }: Placed, size: number, allocated: number): void {
    this.bytes[part] = (this.bytes[part] ?? 0) + size;
    if (!isShown) return;
    if (this.phase !== phase) this.close();
    else if (allocated <= this.highest) return;
    this.phase = phase;
    this.highest = allocated;
    this.highestBytes.set(this.bytes);
  }

  release(part: number, size: number): void {
    this.bytes[part] = (this.bytes[part] ?? 0) - size;
  }

  finish(): readonly Moment[] {
    this.close();
    return thinned(this.moments);
  }

  private close(): void {
    const { loop, iteration, highest: allocated } = this;
    if (this.phase !== undefined) {
      const phase = repeatedPhase(this.phase, this.repeat);
      this.moments.push({ phase, loop, iteration, allocated, bytes: [...this.highestBytes] });
    }
    this.phase = undefined;
  }
}

/** The phase of a repetition: "step1.micro2.forward" repeated twice is "step1.micro4.forward". */
export function repeatedPhase(phase: string, repeat: number): string {
  return repeat === 0
    ? phase
    : phase.replace(/(?<=micro)\d+/, (micro) => String(Number(micro) + repeat));
}

/** Joins neighbours of one phase and loop until few enough points are left; of joined points the highest stays. */
function thinned(moments: readonly Moment[]): readonly Moment[] {
  let kept = moments;
  for (let width = 2; kept.length > MAX_MOMENTS && width <= moments.length; width += 1) {
    kept = joined(moments, width);
  }
  return kept;
}

function joined(moments: readonly Moment[], width: number): readonly Moment[] {
  const kept: Moment[] = [];
  let first: Moment | undefined;
  let count = 0;
  for (const moment of moments) {
    const last = kept.at(-1);
    const joins =
      last !== undefined &&
      count < width &&
      first?.phase === moment.phase &&
      first.loop === moment.loop;
    if (!joins) {
      first = moment;
      count = 1;
      kept.push(moment);
      continue;
    }
    count += 1;
    if (moment.allocated > last.allocated) kept[kept.length - 1] = moment;
  }
  return kept;
}
