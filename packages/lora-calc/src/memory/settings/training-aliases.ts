/**
 * Settings under the names their owners use where this calculator has a field of its own: TRL's `loss_type`,
 * `gradient_checkpointing_kwargs` and `model_init_kwargs`, and what transformers calls activation checkpointing.
 */

import { MORE_STEP_FIELDS } from "../../fields/training.js";
import { Fields } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

type Nested =
  "gradient_checkpointing_kwargs" | "activation_checkpointing_kwargs" | "model_init_kwargs";

const CHECKPOINT_NAMES = {
  use_reentrant: "use_reentrant",
  selective: "selective_checkpointing",
} as const;

const NESTED: Readonly<Record<Nested, Readonly<Record<string, string>>>> = {
  gradient_checkpointing_kwargs: CHECKPOINT_NAMES,
  activation_checkpointing_kwargs: CHECKPOINT_NAMES,
  model_init_kwargs: {
    dtype: "dtype",
    torch_dtype: "dtype",
    attn_implementation: "attn_implementation",
  },
};

/** What TRL's `loss_type` of SFT names where its trainers have a fused head; `chunked_nll` is its alias of `nll` there. */
const FUSED_LOSS_TYPES: Readonly<Record<string, string>> = { nll: "fused", chunked_nll: "fused" };

/** Whose `loss_type` it is: of a trainer for SFT, with a fused head or without; others have one of their own. */
export type LossTypeOf = "sft" | "sft_fused" | "other";

/** The settings with every alias under its field's own name; what two names say differently is refused. */
export function withoutAliases(given: JsonObject, lossTypeOf: LossTypeOf): JsonObject {
  const { loss_type: lossType, ...rest } = given;
  let plain = withLength(withoutNewName(lossTypeOf === "other" ? given : rest));
  if (lossTypeOf !== "other" && lossType !== undefined && lossType !== null) {
    const fused =
      lossTypeOf === "sft_fused" && typeof lossType === "string"
        ? FUSED_LOSS_TYPES[lossType]
        : undefined;
    plain = put(plain, "loss", fused ?? lossType, "training.loss_type");
  }
  for (const name of Object.keys(NESTED) as Nested[]) plain = withoutNested(plain, name);
  return plain;
}

/** Source: transformers 5.24 training_args.py, where gradient_checkpointing is the deprecated name. */
function withoutNewName({ activation_checkpointing: value, ...rest }: JsonObject): JsonObject {
  if (value === undefined || value === null) return rest;
  return put(rest, "gradient_checkpointing", value, "training.activation_checkpointing");
}

/** The old name of `max_length` in TRL, and what Unsloth's loader makes room for: sequences are as long unless more is said. */
function withLength(given: JsonObject): JsonObject {
  const { max_seq_length: room, max_length: length } = given;
  const isAlone = room !== undefined && room !== null && (length === undefined || length === null);
  return isAlone ? { ...given, max_length: room } : given;
}

function withoutNested(given: JsonObject, name: Nested): JsonObject {
  const { [name]: nested, ...rest } = given;
  if (nested === undefined || nested === null) return rest;
  const values = new Fields(nested, `training.${name}`);
  values.rejectUnknown(Object.keys(MORE_STEP_FIELDS[name].type.rows));
  return Object.entries(NESTED[name]).reduce<JsonObject>((plain, [alias, field]) => {
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
