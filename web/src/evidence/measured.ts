/** Peaks that people measured, and what other calculators say about the same runs (conformance/measured). */

import type { MeasuredPeaks, Scenario } from "lora-calc";
import peers from "../../../conformance/measured/peers.json";
import runs from "../../../conformance/measured/runs.json";

export interface MeasuredRun {
  readonly id: string;
  readonly model: string;
  readonly source: string;
  readonly measured: MeasuredPeaks;
  /** How the measured run differs from the scenario; absent where both are the same program. */
  readonly differs?: readonly string[];
  readonly scenario: Scenario;
}

export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly url: string | null;
  /** `needed` is the memory of the card: reserved, or the process where only that was measured. */
  readonly tier: "allocated" | "reserved" | "needed";
  readonly predicted: Readonly<Record<string, { readonly bytes: number; readonly error?: number }>>;
}

// The types of JSON files say which row lacks which field, not what a row is.
export const RUNS = runs as unknown as readonly MeasuredRun[];
export const PEERS = peers as unknown as readonly Peer[];
