/** JSON values as Python source. Texts stay data whatever they contain. */

import { isObject } from "../problem/fields.js";
import { missing } from "../problem/missing.js";

/** Characters that change how source is read or shown without being seen: controls, direction marks, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Example: pythonLiteral(["q_proj", null, true]) // '["q_proj", None, True]'
 */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return pythonString(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (isObject(value)) {
    const items = Object.entries(value).map(
      ([key, item]) => `${pythonString(key)}: ${pythonLiteral(item)}`,
    );
    return `{${items.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** JSON's escapes are Python's too. */
function pythonString(text: string): string {
  return quotedText(text, UNSEEN);
}

/** A text in double quotes with JSON's escapes, and by number whatever else `unseen` matches, as Python and YAML read them. */
export function quotedText(text: string, unseen: RegExp): string {
  return JSON.stringify(text).replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? missing();
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
