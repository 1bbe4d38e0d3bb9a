/** Checks and shapes that formulas of methods share. */

import type { Site } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { PatternTable } from "../targets/pattern-table.js";
import { escapeRegex } from "../regex/python-regex.js";
import type { AdapterTensor } from "../plan/plan.js";

export function trained(name: string, ...shape: readonly number[]): AdapterTensor {
  return { name, shape, trainable: true };
}

/** Stops with a value that does not fit a layer. */
export function misfit(site: Site, field: string, received: number, expected: string): never {
  reject({
    code: "invalid_value",
    path: `adapter.${field}`,
    message: `${site.pattern}: adapter.${field} must be ${expected}`,
    received,
    expected,
  });
}

/** Elements of a kernel. */
export function kernelSize(kernel: readonly number[]): number {
  return kernel.reduce((product, side) => product * side, 1);
}

/** Methods whose rotation spans all input channels cannot take a convolution in groups. */
export function requireOneGroup(site: Site, groups: number): void {
  if (groups === 1) return;
  reject({
    code: "not_implemented_by_peft",
    path: "adapter.target_modules",
    message: `${site.pattern} is a convolution in ${groups} groups, which PEFT does not implement for this method`,
    received: site.pattern,
  });
}

export function requirePositive(site: Site, field: string, value: number): void {
  if (value <= 0) misfit(site, field, value, "at least 1");
}

export function requireDivisor(site: Site, field: string, value: number, size: number): void {
  if (size % value !== 0) misfit(site, field, value, `a divisor of ${size}`);
}

/** A table of whole numbers by module; the first key in the order of the file wins. */
export function patternTable(adapter: Fields, field: string): PatternTable {
  return new PatternTable(readTable(adapter, field), adapter.at(field));
}

/** The same where a key stands behind a dot, or is the whole path: what FourierFT and C3A ask. */
export function suffixTable(adapter: Fields, field: string): PatternTable {
  return new PatternTable(readTable(adapter, field), adapter.at(field), [
    (key) => `.*\\.${key}$`,
    (key) => `${escapeRegex(key)}$`,
  ]);
}

function readTable(adapter: Fields, field: string): ReadonlyMap<string, number> {
  const fields = adapter.object(field);
  const values = new Map<string, number>();
  for (const key of Object.keys(fields?.values ?? {})) {
    const value = fields?.integer(key);
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

/** Python's `round`: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
