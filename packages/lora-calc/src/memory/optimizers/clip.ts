/** `torch.nn.utils.clip_grad_norm_` with foreach kernels: one norm per gradient, scaled in place. */

import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";

export function clipGradients(m: Machine, parameters: readonly Tensor[]): void {
  const gradients = parameters.flatMap(({ grad }) => (grad === undefined ? [] : [grad]));
  const [first] = gradients;
  if (first === undefined) return;
  const scalar = (tag: string): Tensor => m.retain(m.empty(tag, [], first.dtype));
  const norms = gradients.map(({ dtype }) => m.retain(m.empty("linalg_vector_norm", [], dtype)));
  const stacked = m.retain(m.empty("stack", [norms.length], first.dtype));
  const total = scalar("linalg_vector_norm");
  m.release(stacked);
  for (const norm of norms) m.release(norm);
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
