/** No number of a result is unsound. */

import { expect } from "vitest";
import type { Advice } from "../../src/advise.js";
import type { Estimate } from "../../src/result.js";

/** Every number of a result, however deep, with its path. */
function numbersOf(value: unknown, path: string): readonly (readonly [string, number])[] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => numbersOf(item, `${path}.${name}`));
}

export function checkNumbers(result: Estimate | Advice): void {
  const unsound = numbersOf(result, "").filter(([, number]) => !Number.isFinite(number));
  expect(unsound).toEqual([]);
}
