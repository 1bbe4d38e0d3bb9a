/** `torch.nn.utils.clip_grad_norm_` with foreach kernels: one norm per gradient, scaled in place. */

import type { Machine } from "../../machine/machine.js";
import { promote } from "../../machine/ops/cast.js";
import type { Tensor } from "../../machine/tensor.js";
import { groupsByDtype } from "./by-dtype.js";
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
