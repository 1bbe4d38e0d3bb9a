/** Tensors that one part of a forward leaves for others: a dictionary, which goes with the last that knows it. */

import type { Holder } from "./holder.js";
import type { Releasable, Tensor } from "./tensor.js";

export class SharedTensors implements Releasable {
  private readonly machine: Holder;
  private readonly left = new Map<string, readonly Tensor[]>();
  private owners = 1;

  constructor(machine: Holder) {
    this.machine = machine;
  }

  /** `shared[name] = tensors`. */
  leave(name: string, tensors: readonly Tensor[]): void {
    const before = this.left.get(name) ?? [];
    for (const tensor of tensors) this.machine.retain(tensor);
    this.left.set(name, tensors);
    for (const tensor of before) this.machine.release(tensor);
  }

  of(name: string): readonly Tensor[] {
    return this.left.get(name) ?? [];
  }

  retain(): this {
    this.owners += 1;
    return this;
  }

  release(): void {
    this.owners -= 1;
    if (this.owners > 0) return;
    for (const tensors of this.left.values()) {
      for (const tensor of tensors) this.machine.release(tensor);
    }
    this.left.clear();
  }
}
