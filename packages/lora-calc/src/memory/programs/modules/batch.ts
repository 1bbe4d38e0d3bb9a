/** What a forward pass is given: a batch, and how it is run. */

import type { AttentionCard } from "../../../catalogue/cuda.js";
import type { Tensor } from "../../machine/tensor.js";

export interface ForwardOptions {
  readonly attention: "sdpa" | "eager";
  /** The card that the kernels are chosen for. */
  readonly card: AttentionCard;
  readonly checkpointing: "none" | "reentrant" | "non_reentrant";
  /** The embedding's output is made to require gradients, so that checkpointed frozen layers have something to do. */
  readonly inputRequiresGrad: boolean;
}

export interface Batch {
  readonly inputIds: Tensor;
  readonly labels: Tensor;
  /** Present when the batch has padding. */
  readonly attentionMask?: Tensor;
}
