/** Pieces of Python: calls with one argument a line, and what people pass to PEFT, bitsandbytes and TRL. */

import type { JsonObject } from "../problem/fields.js";
import { pythonLiteral } from "../exchange/python-literal.js";
import { isDtype } from "../units/dtype.js";

/** `name=value`; dtypes are torch's. A name that is no Python name is passed as a dictionary. */
export function keyword(name: string, value: unknown): string {
  const isTorch = (name.endsWith("dtype") || name.endsWith("storage")) && isDtype(value);
  const text = isTorch ? `torch.${value}` : pythonLiteral(value);
  return /^[A-Za-z_]\w*$/.test(name) ? `${name}=${text}` : `**${pythonLiteral({ [name]: value })}`;
}

export function keywords(fields: JsonObject): readonly string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => keyword(name, value));
}

/** `start` is what stands before the parenthesis: "model = load". */
export function call(start: string, given: readonly string[], indent = ""): readonly string[] {
  if (given.length === 0) return [`${indent}${start}()`];
  return [`${indent}${start}(`, ...given.map((one) => `${indent}    ${one},`), `${indent})`];
}
