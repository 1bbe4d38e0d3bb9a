/** State of `torch.autocast`: its dtype, and the casts of trainable weights it remembers until it ends. */

import type { Tensor } from "./tensor.js";

/** dtype that autocast runs matrix products in. */
export type HalfDtype = "bfloat16" | "float16";

export class Autocast {
  /** Undefined outside autocast. */
  dtype: HalfDtype | undefined;
  /** Nested autocast blocks. */
  depth = 0;
  /** 16-bit casts of fp32 leaves that require gradients; they live until the outermost autocast block ends. */
  readonly cache: Map<Tensor, Tensor> = new Map();
}
