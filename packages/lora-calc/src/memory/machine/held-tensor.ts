/** A saved tensor that the node itself keeps. */

import type { Machine } from "./machine.js";
import type { Saved } from "./node.js";
import type { Tensor } from "./tensor.js";

export class HeldTensor implements Saved {
  private readonly machine: Machine;
  private readonly tensor: Tensor;

  constructor(machine: Machine, tensor: Tensor) {
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
