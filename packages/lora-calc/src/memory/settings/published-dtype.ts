/**
 * What `dtype="auto"` loads a checkpoint in: the dtype that config.json names, else that of its first floating weight.
 *
 * Source: transformers modeling_utils.py `_get_dtype`.
 */

import type { LoadDtype } from "../../fields/step.js";
import { DEFAULT_STEP } from "../../fields/step.js";
import { tensorsOf } from "../../model/description.js";
import type { ModelDescription } from "../../model/description.js";

const NAMES: Readonly<Record<string, LoadDtype>> = {
  ...{ float32: "float32", bfloat16: "bfloat16", float16: "float16" },
  ...{ F32: "float32", BF16: "bfloat16", F16: "float16" },
};

/** bfloat16 where neither says it. */
export function publishedDtype(model: ModelDescription): LoadDtype {
  const { dtype, torch_dtype: older } = model.kind === "config" ? model.config : {};
  const said = [dtype, older].find((name) => typeof name === "string");
  const stored = Object.values(tensorsOf(model) ?? {}).find((each) => isLoadable(each.dtype));
  const name = typeof said === "string" ? said.replace("torch.", "") : stored?.dtype;
  return (isLoadable(name) ? NAMES[name] : undefined) ?? DEFAULT_STEP.dtype;
}

function isLoadable(name: string | undefined): name is keyof typeof NAMES {
  return name !== undefined && Object.hasOwn(NAMES, name);
}
