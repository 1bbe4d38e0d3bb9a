/** Whether a run fits a card. */

import type { Device } from "../memory/device.js";

export interface FitVerdict {
  readonly verdict: "fits" | "tight" | "does_not_fit";
  /** Bytes of the card as its driver reports them. */
  readonly capacity: number;
  /** Capacity minus other processes minus the process peak; negative when it does not fit. */
  readonly headroom: number;
}

/**
 * Compares the band of the process peak with the card: above the whole band it fits, below it does not, between it is
 * tight.
 */
export function fitOf(
  [low, high]: readonly [number, number],
  processPeak: number,
  device: Device,
): FitVerdict {
  const usable = device.capacity - device.otherProcessBytes;
  const verdict = high <= usable ? "fits" : low > usable ? "does_not_fit" : "tight";
  return { verdict, capacity: device.capacity, headroom: usable - processPeak };
}
