/**
 * A class that makes its parameters in a dtype of its own, which `from_pretrained` then loads, whatever dtype is asked for.
 *
 * Source: modeling_qwen.py of Qwen/Qwen-7B, `QWenLMHeadModel.__init__`; transformers 4.57 modeling_utils.py `_infer_parameter_dtype`.
 */

import type { StepValues } from "../../fields/step.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Assumption } from "../../model/config.js";
import type { JsonObject } from "../../problem/fields.js";

const PATH = "training.dtype";

export interface OwnCast {
  /** What is given, without a dtype that changes nothing. */
  readonly given: JsonObject;
  readonly defaults: Partial<StepValues>;
  readonly ignored: readonly string[];
  /** An assumption as the class makes it. */
  readonly explain: (assumption: Assumption) => Assumption;
}

/** Where the base is quantized on load, transformers casts the rest as asked. */
export function ownCast(
  { castsItself: dtype, className }: ModuleGraph,
  isQuantized: boolean,
  given: JsonObject,
): OwnCast {
  if (dtype === undefined || isQuantized) {
    return { given, defaults: {}, ignored: [], explain: (assumption) => assumption };
  }
  const reason = `${className} casts itself when it is made, by bf16, fp16 and fp32 of its configuration`;
  const { dtype: asked, ...others } = given;
  return {
    given: others,
    defaults: { dtype },
    ignored: asked === undefined || asked === dtype ? [] : [PATH],
    explain: (assumption) => (assumption.path === PATH ? { ...assumption, reason } : assumption),
  };
}
