/** Positions counted over the tokens that are no padding. */

import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";

/** (b, s). Source: transformers models/roberta/modeling_roberta.py `create_position_ids_from_input_ids`. */
export function countedPlaces(m: Machine, inputIds: Tensor): Tensor {
  return m.frame((inner) => {
    const isToken = pointwise(m, "ne", [m.alias(inputIds)], "bool");
    const mask = inner.hold(pointwise(m, "_to_copy", [isToken], "int32"));
    const sums = pointwise(m, "cumsum", [mask], "int64");
    const shifted = pointwise(m, "add", [pointwise(m, "_to_copy", [sums], "int32")], "int32");
    const counts = inner.hold(pointwise(m, "mul", [shifted, mask], "int32"));
    const wide = pointwise(m, "_to_copy", [counts], "int64");
    return pointwise(m, "add", [wide], "int64");
  });
}
