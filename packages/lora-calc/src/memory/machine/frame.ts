/** Local variables of one Python function call. */

import type { Machine } from "./machine.js";
import { Tensor } from "./tensor.js";

export class Frame {
  private readonly machine: Machine;
  private readonly held: Tensor[] = [];
  private returned: readonly Tensor[] = [];

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** `name = value`: keeps the tensor until the frame ends or the name is bound anew. */
  hold(value: Tensor): Tensor {
    this.held.push(this.machine.retain(value));
    return value;
  }

  /** `name = value` for a name that held `old`. */
  rebind(old: Tensor, value: Tensor): Tensor {
    this.hold(value);
    this.drop(old);
    return value;
  }

  /** `del name`. */
  drop(old: Tensor): void {
    const index = this.held.lastIndexOf(old);
    if (index < 0) throw new Error("a frame can drop only what it holds");
    this.held.splice(index, 1);
    this.machine.release(old);
  }

  /** The returned tensors outlive the frame, floating. */
  handOver(result: Tensor | readonly Tensor[]): void {
    this.returned = result instanceof Tensor ? [result] : result;
    for (const tensor of this.returned) this.machine.retain(tensor);
  }

  end(): void {
    for (const tensor of this.held.splice(0)) this.machine.release(tensor);
    for (const tensor of this.returned) tensor.references -= 1;
  }
}
