/** Puts on the device what PEFT trains instead of a part of the base model: a copy of a module, or rows of its table. */

import type { Dtype } from "../../units/dtype.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule, BoundTokens } from "./bound-module.js";

/** A trained copy of a module and all in it, in the dtypes its originals have by now unless another is asked for. */
export function bindCopy(m: Machine, module: BoundModule, asked: Dtype | "auto"): BoundModule {
  return copyAt(m, module, asked, `${module.path}.modules_to_save.default`);
}

/** The copy and all in it. */
export function withinCopy(copy: BoundModule): readonly BoundModule[] {
  return [copy, ...[...copy.children.values()].flatMap(withinCopy)];
}

function copyAt(m: Machine, module: BoundModule, asked: Dtype | "auto", path: string): BoundModule {
  const parameters = new Map<string, Tensor>();
  for (const [name, original] of module.parameters) {
    const dtype = asked === "auto" ? original.dtype : asked;
    const tensor = m.retain(m.empty("empty", original.shape, dtype));
    tensor.requiresGrad = true;
    tensor.section = m.section;
    parameters.set(name, tensor);
  }
  const { node, dtype, kernels } = module;
  const buffers = new Map<string, Tensor>();
  for (const [name, original] of module.buffers)
    buffers.set(name, m.retain(m.empty("empty", original.shape, original.dtype)));
  const children = new Map<string, BoundModule>();
  for (const [name, child] of module.children) {
    children.set(name, copyAt(m, child, asked, `${path}.${name}`));
  }
  return { path, node, dtype, kernels, parameters, buffers, children, elements: [] };
}

/** Trained rows of shape (tokens, dim), and what they replace: a buffer, which stays in the float32 that PEFT makes it. */
export function bindTokens(
  m: Machine,
  shape: readonly [number, number],
  dtype: Dtype,
): BoundTokens {
  const delta = m.retain(m.empty("empty", shape, dtype));
  delta.requiresGrad = true;
  return { delta, replaced: m.retain(m.empty("empty", shape, "float32")) };
}
