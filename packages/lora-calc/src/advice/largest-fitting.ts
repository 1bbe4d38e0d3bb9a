/** The largest value of one setting with which a run fits, found with few estimates. */

export interface Room {
  /** Bytes left on the card by the upper end of the process band; negative where the run may not fit. */
  readonly bytes: number;
  /** The same if the allocator reserved no more than is allocated: negative where no layout of blocks can fit. */
  readonly bytesWithoutCache: number;
}

/** The room of a run by the steps of a setting; undefined where it is not computed. */
export type RoomAt = (step: number) => Room | undefined;

export interface Boundary {
  /** The largest step that was seen to fit with the next one seen not to; 0 when none fits. */
  readonly fits: number;
  /** What stands behind the largest step: a run that does not fit the card, one that is not computed, or no step at all. */
  readonly endsBy: "card" | "model" | "search";
  /** Runs that were estimated. */
  readonly estimates: number;
}

/** Runs within which a search ends, unless memory goes in steps that no curve shows. */
const BUDGET = 12;
/** Of those, the ones that follow the curve wherever it leads. */
const CURVED = 5;
/** From one run that fits to the next: far enough apart that the blocks in which PyTorch reserves do not bend the line. */
const FARTHER = 8;

/** A run that was estimated. */
interface Seen extends Room {
  readonly step: number;
}

/**
 * Searches between 1 and `most` steps, from `start` on. Memory grows evenly in batch, length and rank, so the next guess is where
 * the curve through the nearest runs meets the card; a run that is not computed counts as one that does not fit.
 *
 * Example: largestFitting((step) => ({ bytes: 100 - 7 * step, bytesWithoutCache: 0 }), { start: 1, most: 999 }).fits // 14
 */
export function largestFitting(
  roomAt: RoomAt,
  { start, most }: { readonly start: number; readonly most: number },
): Boundary {
  const seen: Seen[] = [];
  let [low, high] = [0, most + 1];
  let step = Math.min(Math.max(1, start), most);
  let estimates = 0;
  while (high - low > 1) {
    const room = roomAt(step);
    const fits = room !== undefined && room.bytes >= 0;
    if (room !== undefined) seen.push({ step, ...room });
    if (fits) low = step;
    else high = step;
    estimates += 1;
    const isBounded = low > 0 && high <= most;
    const next = isBounded
      ? between(seen, { low, high, fits, left: BUDGET - estimates })
      : furtherOn(seen, low, high);
    step = Math.min(Math.max(Math.floor(next), low + 1), high - 1);
  }
  const isComputed = seen.some(({ step: known }) => known === high);
  return { fits: low, endsBy: low === most ? "search" : isComputed ? "card" : "model", estimates };
}

interface Bracket {
  /** The largest step that fits. */
  readonly low: number;
  /** The smallest step above it that does not. */
  readonly high: number;
  /** What the last run said. */
  readonly fits: boolean;
  /** Runs of the budget that are left. */
  readonly left: number;
}

/**
 * With runs on both sides: where the curve through them ends, as far as halving whatever bracket that leaves stays within the
 * budget. What PyTorch reserves goes in steps, so that the curve may fall short again and again: then it is jumped over.
 */
function between(seen: readonly Seen[], { low, high, fits, left }: Bracket): number {
  const middle = (low + high) / 2;
  const ends = [low, high].map((end) => seen.find(({ step }) => step === end));
  const apart = (high - low) / FARTHER;
  const others = nearest(seen, low, high).filter(
    ({ step }) => Math.abs(step - low) > apart && Math.abs(step - high) > apart,
  );
  const end = endOfCurve([...ends, ...others], low, high) ?? middle;
  if (left > BUDGET - CURVED) return end;
  if (left <= 1) return middle;
  const halved = 2 ** (left - 1);
  if (high - low > 2 * halved) return fits ? low + halved : high - halved;
  return Math.min(Math.max(end, high - halved), low + halved);
}

/** With runs on one side alone: where the curve through them ends, or a good way on. */
function furtherOn(seen: readonly Seen[], low: number, high: number): number {
  const near = nearest(seen, low, high);
  const curve = endOfCurve(near, low, high);
  if (curve !== undefined) return curve;
  const line = endOfCurve(near.slice(0, 2), -Infinity, Infinity);
  if (low === 0) return line !== undefined && line < high ? line : high / 2;
  return line !== undefined && line > low ? line : FARTHER * low;
}

function nearest(seen: readonly Seen[], low: number, high: number): readonly Seen[] {
  const distance = ({ step }: Seen): number =>
    Math.min(Math.abs(step - low), Math.abs(step - high));
  return [...seen].sort((left, right) => distance(left) - distance(right));
}

/**
 * Where the parabola through three runs, or the line through two, meets 0 between `low` and `high`: attention that writes its
 * scores out grows with the square of the length, everything else along a line.
 */
function endOfCurve(
  [first, second, third]: readonly (Seen | undefined)[],
  low: number,
  high: number,
): number | undefined {
  if (first === undefined || second === undefined) return undefined;
  const slopeOf = (left: Seen, right: Seen): number =>
    (right.bytes - left.bytes) / (right.step - left.step);
  const slope = slopeOf(first, second);
  const bend =
    third === undefined ? 0 : (slopeOf(second, third) - slope) / (third.step - first.step);
  // bytes(x) = y0 + slope · (x - x0) + bend · (x - x0)(x - x1)
  const linear = slope + bend * (first.step - second.step);
  const root = (sign: number): number =>
    (-linear + sign * Math.sqrt(linear ** 2 - 4 * bend * first.bytes)) / (2 * bend);
  const ends = bend === 0 ? [-first.bytes / slope] : [root(1), root(-1)];
  return ends
    .sort((left, right) => Math.abs(left) - Math.abs(right))
    .map((end) => first.step + end)
    .find((end) => end >= low && end <= high);
}

/** Steps above a boundary that are looked at for islands. */
export const ISLAND_STEPS = 64;

/**
 * Steps above the boundary that fit again: what PyTorch reserves does not grow evenly. Looked for only as long as the allocated
 * peak alone would fit.
 */
export function islandsAbove(roomAt: RoomAt, fits: number, most: number): readonly number[] {
  const islands: number[] = [];
  // The step behind the boundary is known not to fit.
  for (let step = fits + 2; step <= Math.min(fits + ISLAND_STEPS, most); step += 1) {
    const room = roomAt(step);
    if (room === undefined || room.bytesWithoutCache < 0) break;
    if (room.bytes >= 0) islands.push(step);
  }
  return islands;
}
