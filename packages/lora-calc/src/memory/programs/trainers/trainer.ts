/** What a trainer puts on the device for a micro-batch, and how it comes from there to a loss. */

import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import type { ModelRun } from "../modules/causal-lm.js";

/** How a trainer runs a model, but for the batch; the policy is the model that is trained. */
export interface PolicyRun extends Omit<ModelRun, "batch" | "model"> {
  readonly policy: BoundModule;
  /** What the policy is compared with: itself without its adapters, or a second model. */
  readonly reference: BoundModule | undefined;
}

interface MicroBatch {
  /** What was put on the device; the loop's variables hold it until the next one. */
  readonly tensors: readonly Tensor[];
  /** The loss, followed by the outputs that the loop may keep. */
  readonly loss: (m: Machine, run: PolicyRun) => readonly Tensor[];
  /** The trainer itself holds the loss behind the backward, as long as its loop does. */
  readonly holdsLoss?: true;
}

export type Trainer = (m: Machine, settings: TrainingSettings, policy: BoundModule) => MicroBatch;
