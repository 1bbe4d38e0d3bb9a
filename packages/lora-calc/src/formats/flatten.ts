/** Nested keys with dots between: `lora.rank`. */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";

/** Deeper than any trainer's file. */
const MAX_LEVELS = 8;

/** Objects within objects down to what is none; lists stay whole. Example: flattened({ a: { b: 1 } })["a.b"] // 1 */
export function flattened(file: JsonObject, prefix = "", level = 0): JsonObject {
  return Object.fromEntries(
    Object.entries(file).flatMap(([key, value]) =>
      level < MAX_LEVELS && isObject(value) && Object.keys(value).length > 0
        ? Object.entries(flattened(value, `${prefix}${key}.`, level + 1))
        : [[`${prefix}${key}`, value] as const],
    ),
  );
}
