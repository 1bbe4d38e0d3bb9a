/** What a run under Unsloth is computed from, beside the settings that every run has. */

import type { UnslothRules } from "../../stacks/unsloth.js";
import type { Dtype } from "../../units/dtype.js";

/** Pairs of tables of sines and cosines: `count` times two tensors (rows, dim). */
export interface RopePairs {
  readonly count: number;
  readonly rows: number;
  readonly dim: number;
  readonly dtype: Dtype;
}

export interface UnslothUse {
  readonly rules: UnslothRules;
  /** What the loader was told, which may be more than a sequence is long. */
  readonly maxSeqLength: number;
  readonly attention: "xformers" | "flash";
  /** Compute capability of the card, times ten. */
  readonly sm: number;
  /** What the card has free when the first loss asks for it. Unit: bytes. */
  readonly freeBytes: number;
  readonly tables: readonly RopePairs[];
  /** Trained copies have a learning rate of their own, by an optimizer that Unsloth makes itself. */
  readonly ratesCopies: boolean;
}
