/** What people quote of a count: how much less trains, and by what the adapters' output is scaled. */

import type { ParameterCounts } from "../result.js";

export interface CountHeadline {
  /** How many fewer parameters train than in full fine-tuning of the base. Unit: percent. */
  readonly reduction: number;
  /** Trained parameters beside those of full fine-tuning. Unit: percent. */
  readonly share: number;
  /** Factors before B·A, ascending; more than one when patterns differ; none without adapters. */
  readonly scalings: readonly number[];
}

/** Example: countHeadline({ trainable: 16777216, all: 6755192832, base: 6738415616, percent: 0.2484 }).scalings // [] */
export function countHeadline({
  trainable,
  base,
  by_module: rows = [],
}: ParameterCounts): CountHeadline {
  const share = (100 * trainable) / base;
  const scalings = new Set(rows.flatMap(({ scaling }) => (scaling === undefined ? [] : [scaling])));
  return {
    reduction: 100 - share,
    share,
    scalings: [...scalings].sort((left, right) => left - right),
  };
}
