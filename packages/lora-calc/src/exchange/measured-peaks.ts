/** What was measured on a card beside what is predicted for it. */

import type { Estimate } from "../result.js";
import { peaksOf } from "./peaks.js";

export type Tier = "allocated" | "reserved" | "process";

const TIERS: readonly Tier[] = ["allocated", "reserved", "process"];

/** Peaks of a run as PyTorch and the driver count them; what was not measured is absent. Unit: bytes. */
export type MeasuredPeaks = Readonly<Partial<Record<Tier, number>>>;

export interface ScoredTier {
  readonly tier: Tier;
  /** Unit: bytes. */
  readonly measured: number;
  /** Unit: bytes. */
  readonly predicted: number;
  /** The prediction less the measurement, as a share of the measurement. */
  readonly error: number;
  /** Whether the measurement lies in the band that is given with the prediction. */
  readonly is_inside: boolean;
}

/**
 * Every tier that was measured beside the prediction; none where memory is not computed.
 *
 * Example: scoreMeasured(estimate({ model: "gpt2", training: {}, hardware: { gpu: "T4" } }), {
 *   allocated: 2_000_000_000,
 * })[0]?.tier // "allocated"
 */
export function scoreMeasured(
  answer: Pick<Estimate, "memory" | "interval">,
  measured: MeasuredPeaks,
): readonly ScoredTier[] {
  const memory = peaksOf(answer);
  if (memory === undefined) return [];
  return TIERS.flatMap((tier) => {
    const truth = measured[tier];
    if (truth === undefined) return [];
    const predicted = memory[`${tier}_peak`];
    const [low, high] = answer.interval?.[tier] ?? [predicted, predicted];
    const is_inside = low <= truth && truth <= high;
    return [{ tier, measured: truth, predicted, error: predicted / truth - 1, is_inside }];
  });
}

export interface ErrorSummary {
  readonly runs: number;
  /** Mean of the errors without their signs. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Errors in short; undefined when there are none. Example: summarizeErrors([-0.01, 0.03])?.mean // 0.02 */
export function summarizeErrors(errors: readonly number[]): ErrorSummary | undefined {
  if (errors.length === 0) return undefined;
  const sum = errors.reduce((total, error) => total + Math.abs(error), 0);
  return {
    runs: errors.length,
    mean: sum / errors.length,
    low: Math.min(...errors),
    high: Math.max(...errors),
  };
}
