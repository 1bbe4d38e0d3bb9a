/** Optimizers: the state they create at the first step, and what a step needs besides. */

import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";

export interface Optimizer {
  readonly step: (m: Machine) => void;
  /** Bytes of state in managed (paged) memory, which the allocator does not see. */
  readonly managedBytes?: () => number;
}

export interface Trained {
  /** Everything with `requires_grad`, in the order of `model.parameters()`. */
  readonly parameters: readonly Tensor[];
  /** Those that are weights of embeddings. */
  readonly embeddings: ReadonlySet<Tensor>;
}
