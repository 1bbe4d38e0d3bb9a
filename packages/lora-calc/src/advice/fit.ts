/** Whether a run fits a card. */

import type { Device } from "../memory/settings/device.js";

export interface FitVerdict {
  readonly verdict: "fits" | "tight" | "does_not_fit";
  /** Name of the card, as the catalogue or the scenario has it. */
  readonly card: string;
  /** Bytes of the card as nvidia-smi reports them. */
  readonly capacity: number;
  /** Bytes of it that the driver lets processes have: what a run can use. */
  readonly usable: number;
  /** Usable minus other processes minus the process peak; negative when it does not fit. */
  readonly headroom: number;
}

/**
 * Compares the band of the process peak with what the card gives: above the whole band it fits, below it does not, between it is
 * tight.
 */
export function fitOf(
  [low, high]: readonly [number, number],
  processPeak: number,
  device: Device,
): FitVerdict {
  const { name: card, capacity, usable, otherProcessBytes } = device;
  const free = usable - otherProcessBytes;
  const verdict = high <= free ? "fits" : low > free ? "does_not_fit" : "tight";
  return { verdict, card, capacity, usable, headroom: free - processPeak };
}
