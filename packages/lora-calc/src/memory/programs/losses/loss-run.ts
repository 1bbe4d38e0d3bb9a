/** What every loss is given, and what it gives. */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { LabelledBatch } from "../modules/batch.js";
import type { ModelRun } from "../modules/causal-lm.js";

export interface LossRun extends ModelRun {
  readonly batch: LabelledBatch;
}

/** The loss, followed by the outputs that the loop may keep. */
export type Loss = (m: Machine, run: LossRun) => readonly Tensor[];
