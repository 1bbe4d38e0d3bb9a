/** What keeps tensors alive: the part of the machine that variables and nodes need. */

import type { Tensor } from "./tensor.js";

export interface Holder {
  readonly retain: (tensor: Tensor) => Tensor;
  readonly release: (tensor: Tensor) => void;
}
