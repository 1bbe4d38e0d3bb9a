/**
 * What a selective checkpoint keeps of its first run: the outputs of attention, in the order in which they were made. The
 * second run takes them instead of computing them again.
 *
 * Source: torch 2.13 utils/checkpoint.py `_CachingTorchDispatchMode`, `_CachedTorchDispatchMode`; trl 1.16
 * models/selective_activation_checkpointing.py (which operators are kept).
 */

import type { Lifetimes } from "./lifetimes.js";
import type { Tensor } from "./tensor.js";

export class KeptOutputs {
  private readonly m: Lifetimes;
  private readonly kept: (readonly Tensor[])[] = [];
  private isSecondRun = false;

  constructor(m: Lifetimes) {
    this.m = m;
  }

  of<Made extends readonly Tensor[]>(make: () => Made): Made {
    if (this.isSecondRun) {
      const taken = this.kept.shift();
      if (taken === undefined) throw new Error("checkpoint: forward and recomputation differ");
      for (const tensor of taken) tensor.references -= 1;
      // The first run made as many, in the same places.
      return taken as unknown as Made;
    }
    const made = make();
    this.kept.push(made.map((tensor) => this.m.retain(this.m.alias(tensor))));
    return made;
  }

  startSecondRun(): void {
    this.isSecondRun = true;
  }

  /** Drops what no second run took. */
  end(): void {
    for (const tensor of this.kept.splice(0).flat()) this.m.release(tensor);
  }
}
