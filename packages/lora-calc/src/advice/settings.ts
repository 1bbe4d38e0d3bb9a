/** The settings that a card puts an end to: batch, length and rank. */

import type { SettingName } from "../fields/result-names.js";
import type { ParameterCounts } from "../result.js";
import { formatCount } from "../units/format.js";
import type { Change, Situation } from "./situation.js";

export interface Setting {
  /** Its field in the scenario. */
  readonly name: SettingName;
  /** Under which id advice names it. */
  readonly id: "micro_batch" | "max_length" | "rank";
  /** Values are multiples of this. */
  readonly step: number;
  /** The value of a run; undefined where it has none. */
  readonly of: (situation: Situation) => number | undefined;
  /** The largest value that is looked at. */
  readonly most: (parameters: ParameterCounts) => number;
  readonly change: (value: number) => Change;
  readonly text: (value: number) => string;
}

/** As many sequences and tokens as `training` takes. */
const MOST_SEQUENCES = 2 ** 16;
const MOST_TOKENS = 2 ** 20;

/** B·A has at most the rank of the smaller side of its matrix: beyond the largest of these a rank adds parameters and no reach. */
function fullRank({ by_module: modules = [] }: ParameterCounts): number {
  const sides = modules.map(({ in_features: width = 1, out_features: height = 1 }) =>
    Math.min(width, height),
  );
  return Math.max(1, ...sides);
}

export const SETTINGS: readonly Setting[] = [
  {
    name: "per_device_train_batch_size",
    id: "micro_batch",
    step: 1,
    of: ({ training }) => training.per_device_train_batch_size,
    most: () => MOST_SEQUENCES,
    change: (value) => ({ training: { per_device_train_batch_size: value } }),
    text: (value) => `${formatCount(value)} ${value === 1 ? "sequence" : "sequences"} per step`,
  },
  {
    name: "max_length",
    id: "max_length",
    step: 64,
    of: ({ training, hasNoLength }) =>
      hasNoLength === true || training.lengths !== undefined ? undefined : training.max_length,
    most: () => MOST_TOKENS,
    change: (value) => ({ training: { max_length: value } }),
    text: (value) => `sequences of ${formatCount(value)} tokens`,
  },
  {
    name: "r",
    id: "rank",
    step: 1,
    of: ({ adapter }) => (typeof adapter?.["r"] === "number" ? adapter["r"] : undefined),
    most: fullRank,
    change: (value) => ({ adapter: { r: value } }),
    text: (value) => `rank ${formatCount(value)}`,
  },
];
