/** The vertical axis of the timeline: from zero, or cut above weights that would hide what happens on top of them. */

export interface Scale {
  /** Bytes at the foot of the chart, and at its top. */
  readonly base: number;
  readonly top: number;
  readonly isCut: boolean;
  readonly ticks: readonly number[];
}

export type Axis = "above" | "zero";

/** Weights that take a larger share of the peak are cut unless the reader wants them whole. */
const HEAVY = 0.5;
/** What the cut leaves of the weights, of the height above them. */
const LEFT_OF_WEIGHTS = 0.12;
/** Room above the highest line. */
const HEADROOM = 0.04;
const TICKS = 5;

interface Heights {
  readonly peak: number;
  /** Least of the weights over the step. */
  readonly weights: number;
  /** A line that is to be seen, too. */
  readonly limit?: number | undefined;
}

/** How much of a limit is worth showing, as a multiple of the height of the peak above the foot. */
const NEAR = 1.5;

export function scaleOf({ peak, weights, limit }: Heights, axis: Axis | undefined): Scale {
  const isCut = (axis ?? (weights > HEAVY * peak ? "above" : "zero")) === "above";
  const base = isCut ? Math.max(0, weights - LEFT_OF_WEIGHTS * (peak - weights)) : 0;
  const isNear = limit !== undefined && limit - base <= NEAR * (peak - base);
  const highest = isNear ? Math.max(peak, limit) : peak;
  const top = highest + HEADROOM * (highest - base);
  return { base, top, isCut: isCut && base > 0, ticks: ticksBetween(base, top) };
}

/** Whole steps of GiB, or of its halves, quarters …, about five of them, none at the foot. */
function ticksBetween(from: number, to: number): readonly number[] {
  const step = 2 ** Math.round(Math.log2((to - from) / TICKS));
  const first = Math.floor(from / step) + (from > 0 ? 2 : 1);
  const count = Math.max(0, Math.floor(to / step) - first + 1);
  return Array.from({ length: count }, (_, index) => step * (first + index));
}

/** A tear across a chart as the path of an SVG. Unit: px. */
export function tearPath(left: number, right: number, middle: number): string {
  const [tooth, height] = [12, 3];
  const teeth = Math.ceil((right - left) / tooth);
  return Array.from({ length: teeth + 1 }, (_, index) => {
    const y = middle + (index % 2 === 0 ? height : -height);
    return `${index === 0 ? "M" : "L"}${left + tooth * index} ${y}`;
  }).join(" ");
}
