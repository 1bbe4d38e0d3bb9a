/** Peaks of traced runs beside ours (conformance/memory_goldens.py, conformance/judged_goldens.py). */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { readFileSync } from "node:fs";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import type { MemoryResult, Result } from "../../src/result.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";

export interface MemoryGolden {
  readonly scenario: JsonObject & { readonly id: string };
  readonly expected?: {
    readonly allocated_peak: number;
    readonly reserved_peak: number;
    readonly reserved_peak_expandable: number;
    readonly versions?: { readonly torch: string };
    readonly peak_event: { readonly phase: string; readonly op: string };
  };
  readonly error?: { readonly type: string; readonly message: string };
}

export type Tier = "allocated_peak" | "reserved_peak" | "reserved_peak_expandable";
export const TIERS: readonly Tier[] = ["allocated_peak", "reserved_peak", "reserved_peak_expandable"];

/**
 * The ratchet: runs that are not equal to the byte, with ours minus the traced bytes per tier. Every other run is equal. A
 * run that gets worse fails; one that gets better fails until it is recorded here, so it cannot get worse again unseen.
 */
export const DIFFERENCES = JSON.parse(
  readFileSync(new URL("memory-differences.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

export function readTraces(name: string): readonly MemoryGolden[] {
  return readGoldens(name) as readonly MemoryGolden[];
}

export interface Compared {
  readonly id: string;
  readonly expected: NonNullable<MemoryGolden["expected"]>;
  readonly memory: MemoryResult | undefined;
  /** Ours minus the traced bytes, by tier. */
  readonly differences: readonly number[];
}

export function compareTrace({ scenario, expected }: MemoryGolden): readonly Compared[] {
  if (expected === undefined) return [];
  // The judges of every world ran one torch, which decides kernels of attention.
  const { torch = "2.13" } = expected.versions ?? {};
  const asked = asScenario(scenario);
  const result: Result = estimate({ ...asked, versions: { ...asked.versions, torch } });
  const memory = isRefusal(result) ? undefined : peaksOf(result);
  const { reserved_peak_expandable } = isRefusal(result) ? {} : result;
  const ours = { ...memory, reserved_peak_expandable };
  const differences = TIERS.map((tier) => (ours[tier] ?? 0) - expected[tier]);
  return [{ id: scenario.id, expected, memory, differences }];
}
