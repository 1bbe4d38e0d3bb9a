/** The dtype that a parameter has once it is loaded: the one asked for, unless its class keeps it in float32. */

import type { ModuleGraph, Parameter } from "../../graph/tree/module-graph.js";
import type { Dtype } from "../../units/dtype.js";

/**
 * float16 alone, whose range is short, is refused by what a class lists in `_keep_in_fp32_modules` (T5's `wo`, the norms of
 * gpt-oss); what it keeps under bfloat16, too, says so itself.
 *
 * Certainty: compared (loaded-dtypes.test.ts). Source: transformers modeling_utils.py `_get_dtype_plan`.
 */
export function keptDtype(
  { neverQuantized: names = [] }: Pick<ModuleGraph, "neverQuantized">,
  asked: Dtype,
): (path: string, parameter: Pick<Parameter, "name" | "dtype">) => Dtype {
  if (asked !== "float16" || names.length === 0) return (_, { dtype }) => dtype ?? asked;
  return (path, { name, dtype }) => {
    const whole = `.${path}.${name}.`;
    const isKept = names.some((each) => whole.includes(`.${each}.`));
    return dtype ?? (isKept ? "float32" : asked);
  };
}
