/** What to change next: every lever priced on this run, what could be raised, and which cards would do. */

import { contextOf, usableBytes } from "../catalogue/cuda.js";
import { listGpus } from "../catalogue/gpus.js";
import type { GpuRow } from "../catalogue/row.js";
import type { JsonObject } from "../problem/fields.js";
import { LEVERS, applyChange, byPrice } from "./levers.js";
import type { Change, LeverRule, Situation } from "./levers.js";

/** What the advice needs to know of an estimate. */
export interface Priced {
  readonly processPeak: number;
  /** Upper end of what the process holds beside its CUDA context: reserved and managed memory. */
  readonly heldAtMost: number;
  readonly verdict: "fits" | "tight" | "does_not_fit" | undefined;
}

/** Runs the estimate for a scenario; undefined when it has no memory. */
export type Price = (scenario: JsonObject) => Priced | undefined;

export interface PricedLever {
  readonly id: string;
  readonly text: string;
  readonly cost: string;
  /** Bytes of the process peak that it frees. */
  readonly saves: number;
  /** The changed fields of the scenario, by section. */
  readonly change: Change;
  /** Verdict on the card with the lever pulled. */
  readonly verdict?: NonNullable<Priced["verdict"]>;
}

/** Smaller savings are noise of the allocator, not advice. */
export const MIN_SAVING = 1 << 20;

/**
 * Levers that free memory on this run. Free ones first, then those that cost time, then those that change the training;
 * within each the largest saving first. A lever already pulled is not offered.
 */
export function priceLevers(
  scenario: JsonObject,
  situation: Situation,
  base: Priced,
  price: Price,
): readonly PricedLever[] {
  const offered = LEVERS.flatMap((rule) => {
    const change = rule.change(situation);
    const priced = change === undefined ? undefined : price(applyChange(scenario, change));
    if (change === undefined || priced === undefined) return [];
    const saves = base.processPeak - priced.processPeak;
    if (saves < MIN_SAVING) return [];
    return [{ rule, lever: leverOf(rule, change, saves, priced) }];
  });
  return offered
    .sort((left, right) => byPrice(left.rule, right.rule) || right.lever.saves - left.lever.saves)
    .map(({ lever }) => lever);
}

export function leverOf(
  { id, text, cost }: LeverRule,
  change: Change,
  saves: number,
  { verdict }: Priced,
): PricedLever {
  return { id, text, cost, saves, change, ...(verdict === undefined ? {} : { verdict }) };
}

/** Something that could be larger, and whether the card still holds it. */
export interface Raise {
  readonly id: "rank" | "max_length" | "micro_batch";
  readonly text: string;
  readonly change: Change;
  /** Bytes of the process peak that it adds. */
  readonly adds: number;
  readonly verdict: Priced["verdict"];
}

/** Doubled rank, length and micro-batch, for cards with room. */
export function priceRaises(
  scenario: JsonObject,
  { adapter, training }: Situation,
  base: Priced,
  price: Price,
): readonly Raise[] {
  const rank = adapter?.["r"];
  const { max_length: length, per_device_train_batch_size: batch } = training;
  const candidates: readonly Omit<Raise, "adds" | "verdict">[] = [
    ...(typeof rank === "number"
      ? [{ id: "rank" as const, text: `rank ${2 * rank}`, change: { adapter: { r: 2 * rank } } }]
      : []),
    {
      id: "max_length",
      text: `sequences of ${2 * length} tokens`,
      change: { training: { max_length: 2 * length } },
    },
    {
      id: "micro_batch",
      text: `${2 * batch} sequences per step`,
      change: { training: { per_device_train_batch_size: 2 * batch } },
    },
  ];
  return candidates.flatMap((candidate) => {
    const priced = price(applyChange(scenario, candidate.change));
    if (priced === undefined) return [];
    const adds = priced.processPeak - base.processPeak;
    return [{ ...candidate, adds, verdict: priced.verdict }];
  });
}

/**
 * Cards of the catalogue that hold the run, smallest first. Kernels differ by card, so the run is priced anew for every
 * kind: cards of one compute capability run the same step and differ in their size and CUDA context.
 */
export function cardsThatHold(scenario: JsonObject, price: Price): readonly GpuRow[] {
  const kinds = new Map<string, GpuRow[]>();
  for (const gpu of listGpus()) {
    const kind = gpu.computeCapability;
    kinds.set(kind, [...(kinds.get(kind) ?? []), gpu]);
  }
  const holding = [...kinds.values()].flatMap((cards) => {
    const [first] = cards;
    const priced =
      first === undefined ? undefined : price({ ...scenario, hardware: { gpu: first.name } });
    if (priced === undefined) return [];
    return cards.filter((gpu) => {
      const { bytes, above } = contextOf(gpu);
      return priced.heldAtMost + bytes + above <= usableBytes(gpu);
    });
  });
  return holding.sort((left, right) => left.memoryBytes - right.memoryBytes);
}
