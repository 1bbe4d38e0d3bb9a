/** A model that was read to the host, moved to the card as a whole: module by module, as `module.to(device)` goes. */

import { withinCopy } from "./bind-copy.js";
import type { Machine } from "../machine/machine.js";
import type { Kind } from "../machine/tape.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";

export function moveToCard(m: Machine, root: BoundModule, weights: Kind): void {
  const done = new Set<Tensor>();
  const move = (tensor: Tensor | undefined, kind: Kind): void => {
    if (tensor === undefined || done.has(tensor)) return;
    done.add(tensor);
    m.withKind(kind, () => m.move(tensor));
  };
  const visit = (module: BoundModule): void => {
    const { parameters, buffers, lora, parameterLoras = [], copy, tokens, loop } = module;
    for (const tensor of [...parameters.values(), ...buffers.values()]) move(tensor, weights);
    for (const adapter of [lora, ...parameterLoras.map((each) => each.lora)]) {
      move(adapter?.a, "adapter_a");
      move(adapter?.b, "adapter_b");
      move(adapter?.bias, "adapter_other");
      move(adapter?.magnitude, "adapter_other");
    }
    for (const { parameters: copied } of copy === undefined ? [] : withinCopy(copy)) {
      for (const tensor of copied.values()) move(tensor, "adapter_other");
    }
    for (const tensor of [tokens?.delta, tokens?.replaced]) move(tensor, "adapter_other");
    for (const child of module.children.values()) visit(child);
    module.elements.forEach((element, position) => {
      if (loop !== undefined) m.enterSection(loop, position);
      visit(element);
    });
    if (loop !== undefined) m.leaveSection();
  };
  visit(root);
}
