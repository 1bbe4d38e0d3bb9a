/** State of `torch.autocast`: whether it is on, and the casts of trainable weights it remembers until it ends. */

import type { Tensor } from "./tensor.js";

export class Autocast {
  enabled = false;
  /** Nested autocast blocks. */
  depth = 0;
  /** bf16 casts of fp32 leaves that require gradients; they live until the outermost autocast block ends. */
  readonly cache: Map<Tensor, Tensor> = new Map();
}
