/** Loops over the trained tensors, layer by layer. */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";

/** Visits the parameters that have a gradient, and marks the layer each belongs to. */
export function forEachParameter(
  m: Machine,
  parameters: readonly Tensor[],
  visit: (parameter: Tensor, gradient: Tensor) => void,
): void {
  for (const parameter of parameters) {
    if (parameter.grad === undefined) continue;
    m.setSection(parameter.section);
    visit(parameter, parameter.grad);
  }
  m.leaveSection();
}
