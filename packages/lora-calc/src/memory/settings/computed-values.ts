/** Options that exist, of which not every value is computed: such a value is refused by name, never taken for another. */

import { nearestOf, suggestion } from "../../problem/fields.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** A choice among the values that are computed; values that only their owner knows are `unsupported`. */
export function oneOfComputed<Choice extends string>(
  fields: Fields,
  name: string,
  computed: readonly Choice[],
  known: readonly string[],
): Choice | undefined {
  const value = fields.string(name);
  if (value === undefined) return undefined;
  const choice = computed.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  const isKnown = known.includes(value);
  reject({
    code: isKnown ? "unsupported" : "invalid_value",
    path: fields.at(name),
    message: isKnown
      ? `${fields.at(name)} ${value} has no program here yet; computed are ${computed.join(", ")}`
      : `${fields.at(name)} must be one of ${computed.join(", ")}${suggestion(value, computed)}`,
    received: value,
    expected: computed,
    ...nearestOf(value, computed),
  });
}

/** Whether a field is one of `neutral`, at its neutral value. */
export function isNeutral(
  fields: Fields,
  name: string,
  neutral: Readonly<Record<string, unknown>>,
): boolean {
  if (!Object.hasOwn(neutral, name)) return false;
  const value = fields.get(name);
  return value === null || value === neutral[name] || isEmpty(value, neutral[name]);
}

/** Stops at the first field of `neutral` that has any other value. */
export function rejectUncomputed(fields: Fields, neutral: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(neutral)) {
    if (!fields.has(name) || isNeutral(fields, name, neutral)) continue;
    const only = JSON.stringify(neutral[name] === "" ? null : neutral[name]);
    reject({
      code: "unsupported",
      path: fields.at(name),
      message: `${fields.at(name)} changes memory and has no program here yet; only ${only} is computed`,
      received: fields.get(name),
      expected: only,
    });
  }
}

/** Lists and objects without content say as little as an empty text; false and 0 switch off alike. */
function isEmpty(value: unknown, neutral: unknown): boolean {
  if (neutral === 0 || neutral === "") {
    if (value === false || value === 0) return true;
  }
  return neutral === "" && typeof value === "object" && Object.keys(value ?? {}).length === 0;
}
