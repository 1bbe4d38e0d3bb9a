/** How one of several cards takes part in a run. */

import type { LoadedModel } from "../../load/bind-model.js";
import type { Machine } from "../../machine/machine.js";

export interface Strategy {
  /** Where a checkpoint is read to that is not quantized on the way: from the host it is moved to the card when it is whole. */
  readonly readsTo: "cuda" | "host";
  /** What it makes of the model that trains, before the first batch. */
  readonly wrap: (m: Machine, model: LoadedModel) => void;
  /** What it does in the forward of a micro-batch, before the model's own. */
  readonly beforeForward: (m: Machine, model: LoadedModel, micro: number) => void;
}
