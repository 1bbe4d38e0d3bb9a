/**
 * Settings under the names their owners use where this calculator has a field of its own: TRL's `loss_type`,
 * `gradient_checkpointing_kwargs` and `model_init_kwargs`.
 */

import { Fields } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

const NESTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  gradient_checkpointing_kwargs: { use_reentrant: "use_reentrant" },
  model_init_kwargs: {
    dtype: "dtype",
    torch_dtype: "dtype",
    attn_implementation: "attn_implementation",
  },
};

/** Fields of model_init_kwargs that change no memory. */
const HARMLESS: readonly string[] = [
  ...["trust_remote_code", "revision", "device_map", "low_cpu_mem_usage", "token", "cache_dir"],
  ...["use_safetensors", "local_files_only", "use_cache"],
];

/**
 * The settings with every alias under its field's own name; what two names say differently is refused. `loss_type` names a
 * loss for SFT only.
 */
export function withoutAliases(given: JsonObject, isSft: boolean): JsonObject {
  const { loss_type: lossType, ...rest } = given;
  let plain: JsonObject = isSft ? rest : given;
  if (isSft && lossType !== undefined && lossType !== null) {
    plain = put(plain, "loss", lossType, "training.loss_type");
  }
  for (const [name, fields] of Object.entries(NESTED)) plain = withoutNested(plain, name, fields);
  return plain;
}

function withoutNested(
  given: JsonObject,
  name: string,
  fieldOf: Readonly<Record<string, string>>,
): JsonObject {
  const { [name]: nested, ...rest } = given;
  if (nested === undefined || nested === null) return rest;
  const values = new Fields(nested, `training.${name}`);
  values.rejectUnknown([...Object.keys(fieldOf), ...HARMLESS]);
  return Object.entries(fieldOf).reduce<JsonObject>((plain, [alias, field]) => {
    const value = values.get(alias);
    return value === undefined || value === null
      ? plain
      : put(plain, field, value, values.at(alias));
  }, rest);
}

function put(given: JsonObject, field: string, value: unknown, path: string): JsonObject {
  const known = given[field];
  if (known !== undefined && known !== null && known !== value) {
    reject({
      code: "invalid_value",
      path,
      message: `${path} and training.${field} say different things; keep one`,
      received: value,
      expected: known,
    });
  }
  return { ...given, [field]: value };
}
