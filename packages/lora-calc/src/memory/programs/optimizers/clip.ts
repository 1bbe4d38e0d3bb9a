/** `torch.nn.utils.clip_grad_norm_` with foreach kernels: one norm per gradient, scaled in place. */

import type { Dtype } from "../../../units/dtype.js";
import type { Machine } from "../../machine/machine.js";
import { promote } from "../../machine/ops/cast.js";
import type { Tensor } from "../../machine/tensor.js";
import { forEachParameter } from "./each-parameter.js";

export function clipGradients(m: Machine, parameters: readonly Tensor[]): void {
  const norms: { readonly norm: Tensor; readonly parameter: Tensor }[] = [];
  for (const group of groupsByDtype(parameters)) {
    forEachParameter(m, group, (parameter, { dtype }) => {
      norms.push({ norm: m.retain(m.empty("linalg_vector_norm", [], dtype)), parameter });
    });
  }
  if (norms.length === 0) return;
  const dtype = norms.map(({ norm }) => norm.dtype).reduce(promote);
  const scalar = (tag: string): Tensor => m.retain(m.empty(tag, [], dtype));
  const count = norms.reduce((sum, { parameter }) => sum + m.multiplicity(parameter.section), 0);
  const stacked = m.retain(m.empty("stack", [count], dtype));
  const total = scalar("linalg_vector_norm");
  m.release(stacked);
  for (const { norm, parameter } of norms) {
    m.setSection(parameter.section);
    m.release(norm);
  }
  m.leaveSection();
  const shifted = scalar("add");
  const inverse = scalar("reciprocal");
  const coefficient = scalar("mul");
  m.release(inverse);
  m.release(shifted);
  const clamped = scalar("clamp");
  m.release(coefficient);
  m.release(clamped);
  m.release(total);
}

/** Foreach kernels take gradients of one dtype at a time: a hash map of dtypes, in which what came last stands first. */
function groupsByDtype(parameters: readonly Tensor[]): readonly (readonly Tensor[])[] {
  const groups = new Map<Dtype, Tensor[]>();
  for (const parameter of parameters) {
    const { grad } = parameter;
    if (grad === undefined) continue;
    const group = groups.get(grad.dtype);
    if (group === undefined) groups.set(grad.dtype, [parameter]);
    else group.push(parameter);
  }
  return [...groups.values()].reverse();
}
