/** Measured runs, and what lora-calc says about them. Nothing is fitted to these rows. */

import { readFileSync } from "node:fs";
import { estimate } from "../../src/estimate.js";
import type { MeasuredPeaks, Tier } from "../../src/exchange/measured-peaks.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import type { Estimate, MemoryResult } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";

/** A run that somebody measured. Unit: bytes. */
export interface MeasuredRun {
  readonly id: string;
  readonly model: string;
  readonly source: string;
  readonly measured: MeasuredPeaks & { readonly allocated: number };
  /** How the run that was measured differs from the scenario; absent where both are the same program. */
  readonly differs?: readonly string[];
  readonly scenario: Scenario;
}

export type PeerTier = "allocated" | "reserved" | "needed";

/** What another calculator says about the runs, by their ids. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly url: string | null;
  readonly tier: PeerTier;
  /** Bytes, and the error as a share where the tier was measured. */
  readonly predicted: Readonly<Record<string, { readonly bytes: number; readonly error?: number }>>;
  readonly refused: Readonly<Record<string, string>>;
}

/** A published run that cannot be predicted, and why. */
interface Unscored {
  readonly id: string;
  readonly model: string;
  readonly gpu: string;
  readonly why: readonly string[];
  readonly source: string;
}

export const RUNS = readJson("runs.json") as readonly MeasuredRun[];
export const PEERS = readJson("peers.json") as readonly Peer[];
export const UNSCORED = readJson("unscored.json") as readonly Unscored[];

/** Runs of the very program that is predicted. */
export const SAME = RUNS.filter(({ differs }) => differs === undefined);

/** Which measurement says how much of the card a run needs. */
export function neededTier({ reserved }: MeasuredPeaks): Tier {
  return reserved === undefined ? "process" : "reserved";
}

function readJson(name: string): unknown {
  const folder = new URL("../../../../conformance/measured/", import.meta.url);
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}

export function cardOf({ scenario: { hardware } }: MeasuredRun): string {
  const card = hardware?.gpu;
  if (typeof card !== "string") throw new Error("a measured run names its card");
  return card;
}

/** The run on the card it was measured on. */
export function answerTo({ id, scenario }: MeasuredRun): Estimate {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(`${id}: ${result.error.message}`);
  return result;
}

export function predicted(run: MeasuredRun): MemoryResult {
  const memory = peaksOf(answerTo(run));
  if (memory === undefined) throw new Error(`${run.id}: no memory`);
  return memory;
}
