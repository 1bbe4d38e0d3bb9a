/** Local variables of one Python function call. Frames nest, so they share one stack of held tensors. */

import type { Holder } from "./holder.js";
import { Tensor } from "./tensor.js";

export class Frame {
  private readonly machine: Holder;
  private readonly stack: Tensor[];
  private readonly base: number;

  constructor(machine: Holder, stack: Tensor[]) {
    this.machine = machine;
    this.stack = stack;
    this.base = stack.length;
  }

  /** `name = value`: keeps the tensor until the frame ends or the name is bound anew. */
  hold(value: Tensor): Tensor {
    value.references += 1;
    this.stack.push(value);
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
    const index = this.stack.lastIndexOf(old);
    if (index < this.base) throw new Error("a frame can drop only what it holds");
    this.stack.splice(index, 1);
    this.machine.release(old);
  }

  /** Ends the variables; what is returned outlives them, floating. */
  end(returned: Tensor | readonly Tensor[] | undefined): void {
    const { stack, base, machine } = this;
    const list = returned instanceof Tensor ? undefined : returned;
    if (returned instanceof Tensor) returned.references += 1;
    if (list !== undefined) for (const tensor of list) tensor.references += 1;
    for (let top = stack.length; top > base; top -= 1) {
      const tensor = stack.pop();
      if (tensor !== undefined) machine.release(tensor);
    }
    if (returned instanceof Tensor) returned.references -= 1;
    if (list !== undefined) for (const tensor of list) tensor.references -= 1;
  }
}
