/** What an optimizer steps over. */

import type { Tensor } from "../machine/tensor.js";

export interface Trained {
  /** Everything with `requires_grad`, in the order of `model.parameters()`. */
  readonly parameters: readonly Tensor[];
  /** Those that are weights of embeddings. */
  readonly embeddings: ReadonlySet<Tensor>;
}
