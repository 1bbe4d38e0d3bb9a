/** What every loss needs, and which loss a setting names. */

import type { HalfDtype } from "../machine/autocast.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "../modules/bound-module.js";
import type { Batch, ForwardOptions } from "../modules/decoder.js";
import type { LossName } from "../training.js";
import { chunkedNllLoss } from "./chunked-nll.js";
import { hfLoss } from "./hf.js";
import { nllLoss } from "./nll.js";

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

export const LOSSES: Readonly<Record<LossName, Loss>> = {
  chunked_nll: chunkedNllLoss,
  hf: hfLoss,
  nll: nllLoss,
};
