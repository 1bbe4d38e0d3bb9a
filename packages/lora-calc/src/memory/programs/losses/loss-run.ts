/** What every loss is given, and what it gives. */

import type { HalfDtype } from "../../machine/autocast.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Batch, ForwardOptions } from "../modules/batch.js";

export interface LossRun {
  readonly model: BoundModule;
  readonly batch: Batch;
  readonly options: ForwardOptions;
  /** dtype of the autocast that the forward runs under; undefined without one. */
  readonly autocast: HalfDtype | undefined;
  /** A trainer turns the outputs of an autocast forward into fp32. */
  readonly convertsOutputs: boolean;
}

/** The loss, followed by the outputs that the loop may keep. */
export type Loss = (m: Machine, run: LossRun) => readonly Tensor[];
