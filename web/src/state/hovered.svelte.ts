/** The part of memory under the pointer: timeline, ruler and table dim the others, so that one is found in all three. */

import type { MemoryRowName } from "lora-calc";

class Hovered {
  part: MemoryRowName | undefined = $state();

  /** Whether a part steps back because another one is looked at. */
  dims(name: MemoryRowName): boolean {
    return this.part !== undefined && this.part !== name;
  }

  /** Listeners of what draws a part. */
  listeners(name: MemoryRowName): {
    readonly onpointerenter: () => void;
    readonly onpointerleave: () => void;
  } {
    return {
      onpointerenter: () => (this.part = name),
      onpointerleave: () => (this.part = undefined),
    };
  }
}

export const hovered = new Hovered();
