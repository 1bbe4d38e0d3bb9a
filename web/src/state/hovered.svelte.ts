/** The part of memory under the pointer: timeline, ruler and table dim the others, so that one is found in all three. */

import type { MemoryRowName } from "lora-calc";

class Hovered {
  part: MemoryRowName | undefined = $state();

  /** Whether a part steps back because another one is looked at. */
  dims(name: MemoryRowName): boolean {
    return this.part !== undefined && this.part !== name;
  }

  /** Attributes of what draws a part; the margin explains what carries a note. */
  listeners(name: MemoryRowName): {
    readonly "data-note": string;
    readonly onpointerenter: () => void;
    readonly onpointerleave: (event: PointerEvent) => void;
  } {
    return {
      "data-note": `part:${name}`,
      onpointerenter: () => (this.part = name),
      // A finger leaves as soon as it lifts; what it touched stays named.
      onpointerleave: ({ pointerType }) => {
        if (pointerType !== "touch") this.part = undefined;
      },
    };
  }
}

export const hovered = new Hovered();
