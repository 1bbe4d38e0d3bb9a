/** What to change next: every lever priced on this run, what could be raised, and which cards would do. */

import type { LeverId } from "../fields/result-names.js";
import { contextOf, DEFAULT_WHEEL, stepKind, usableBytes } from "../catalogue/cuda.js";
import { listGpus } from "../catalogue/gpus.js";
import type { GpuRow } from "../catalogue/rows/row.js";
import { readHardware } from "../memory/settings/device.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import type { ParameterCounts } from "../result.js";
import { largestFitting } from "./largest-fitting.js";
import type { Boundary, Room, RoomAt } from "./largest-fitting.js";
import { LEVERS, applyChange, byPrice } from "./levers.js";
import type { LeverRule } from "./levers.js";
import type { Change, Situation } from "./situation.js";
import { SETTINGS } from "./settings.js";
import type { Setting } from "./settings.js";

/** What the advice needs to know of an estimate. */
export interface Priced {
  readonly processPeak: number;
  /** Upper end of what the process holds beside its CUDA context: reserved and managed memory. */
  readonly heldAtMost: number;
  readonly verdict: "fits" | "tight" | "does_not_fit" | undefined;
  /** What the card has left; absent without a card. */
  readonly room?: Room;
}

/** Runs the estimate for a scenario; undefined when it has no memory. */
export type Price = (scenario: JsonObject) => Priced | undefined;

export interface PricedLever {
  readonly id: LeverId;
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

/** The largest value of a setting that the card holds. */
export interface Raise {
  readonly id: Setting["id"];
  readonly text: string;
  readonly change: Change;
  /** Bytes of the process peak that it adds. */
  readonly adds: number;
  readonly verdict: Priced["verdict"];
}

/** What a search along a setting starts from. */
export interface Start {
  readonly scenario: JsonObject;
  readonly situation: Situation;
  readonly parameters: ParameterCounts;
}

/** Advice looks no further than this many times the value of the run: runs of a million tokens take a second each to price. */
const FURTHEST = 16;

/** Batch, length and rank as large as they fit, each with all else as it is, for cards with room. */
export function priceRaises(start: Start, base: Priced, price: Price): readonly Raise[] {
  return SETTINGS.flatMap((setting) => {
    const { id, text, change } = setting;
    const found = searchAlong(setting, start, price, FURTHEST);
    if (found === undefined || found.value <= found.now) return [];
    const priced = price(applyChange(start.scenario, change(found.value)));
    if (priced === undefined) return [];
    const adds = priced.processPeak - base.processPeak;
    const { verdict } = priced;
    return [{ id, text: text(found.value), change: change(found.value), adds, verdict }];
  });
}

export interface FoundLimit extends Boundary {
  readonly now: number;
  /** In units of the setting. */
  readonly value: number;
  /** Steps that are looked at. */
  readonly most: number;
}

/**
 * The largest value of a setting that fits, from the one of the run on, up to `furthest` times it; undefined for a run that
 * has no such setting.
 */
export function searchAlong(
  setting: Setting,
  { scenario, situation, parameters }: Start,
  price: Price,
  furthest = Infinity,
): FoundLimit | undefined {
  const { step, change } = setting;
  const now = setting.of(situation);
  if (now === undefined) return undefined;
  const roomAt: RoomAt = (steps) => price(applyChange(scenario, change(steps * step)))?.room;
  const most = Math.floor(Math.min(setting.most(parameters), furthest * now) / step);
  const boundary = largestFitting(roomAt, { start: Math.floor(now / step), most });
  return { ...boundary, now, value: step * boundary.fits, most };
}

/**
 * Cards of the catalogue that hold the run, smallest first. Kernels differ by card, so the run is priced anew for every
 * kind: cards of one kind run the same step and differ in their size and CUDA context.
 */
export function cardsThatHold(scenario: JsonObject, price: Price): readonly GpuRow[] {
  const given = isObject(scenario["hardware"]) ? scenario["hardware"] : {};
  const { ranks } = readHardware(given, DEFAULT_WHEEL);
  const { strategy } = given;
  const spread = {
    ...(ranks > 1 ? { count: ranks } : {}),
    ...(strategy === undefined ? {} : { strategy }),
  };
  const kinds = new Map<string, GpuRow[]>();
  for (const gpu of listGpus()) {
    if (gpu.platform !== undefined) continue;
    const kind = stepKind(gpu);
    kinds.set(kind, [...(kinds.get(kind) ?? []), gpu]);
  }
  const holding = [...kinds.values()].flatMap((cards) => {
    // Liger's kernels take a row of numbers for every multiprocessor: of equal cards the one with the most takes the most.
    const largest = cards.reduce((left, right) =>
      right.multiprocessors > left.multiprocessors ? right : left,
    );
    const priced = price({ ...scenario, hardware: { ...spread, gpu: largest.name } });
    if (priced === undefined) return [];
    return cards.filter((gpu) => {
      const { bytes, above } = contextOf(gpu);
      return priced.heldAtMost + bytes + above <= usableBytes(gpu);
    });
  });
  return holding.sort((left, right) => left.memoryBytes - right.memoryBytes);
}
