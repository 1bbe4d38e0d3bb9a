/** What a forward pass is given: a batch, and how it is run. */

import type { AttentionCard } from "../../../catalogue/cuda.js";
import type { PackedRow } from "../../load/bound-module.js";
import type { Tensor } from "../../machine/tensor.js";

export interface ForwardOptions {
  readonly attention: "sdpa" | "eager" | "flash";
  /** The card that the kernels are chosen for. */
  readonly card: AttentionCard;
  readonly checkpointing: "none" | "reentrant" | "non_reentrant" | "selective";
  /** The embedding's output is made to require gradients, so that checkpointed frozen layers have something to do. */
  readonly inputRequiresGrad: boolean;
}

/** What a model reads. */
export interface Batch {
  readonly inputIds: Tensor;
  /** Where the trainer packs. */
  readonly packed?: PackedRow;
  /** Where the trainer hands one on. */
  readonly attentionMask?: Tensor;
  /** Whether it masks anything: transformers looks, and leaves out one that does not. */
  readonly isPadded: boolean;
  /** The mask masks nothing, and the release looks whether it does where nothing else stands against leaving it out. */
  readonly isRead?: true;
}

/** With the token that each position is to predict. */
export interface LabelledBatch extends Batch {
  readonly labels: Tensor;
}
