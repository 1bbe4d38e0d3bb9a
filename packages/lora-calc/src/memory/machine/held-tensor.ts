/** A saved tensor that the node itself keeps. */

import type { Holder } from "./holder.js";
import type { Saved, Tensor } from "./tensor.js";

export class HeldTensor implements Saved {
  private readonly machine: Holder;
  private readonly tensor: Tensor;

  constructor(machine: Holder, tensor: Tensor) {
    this.machine = machine;
    this.tensor = machine.retain(tensor);
  }

  unpack(): Tensor {
    return this.tensor;
  }

  discard(): void {
    this.machine.release(this.tensor);
  }
}
