/** The order in which foreach kernels take parameters of several dtypes. */

import type { Dtype } from "../../../units/dtype.js";
import type { Tensor } from "../../machine/tensor.js";

/**
 * Foreach kernels take gradients of one dtype at a time: a hash map of dtypes, in which what came last stands first.
 *
 * Source: aten/src/ATen/native/ForeachUtils.h `_group_tensors_by_first_tensors_device_and_dtype`.
 */
export function groupsByDtype(parameters: readonly Tensor[]): readonly (readonly Tensor[])[] {
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
