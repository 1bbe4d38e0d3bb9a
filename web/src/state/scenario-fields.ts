/** Reads and replaces single fields of a scenario by their path, without changing the scenario. */

import { isObject } from "lora-calc";
import type { JsonObject, Scenario } from "lora-calc";

/** `model`, `stack`, or a field of a section: `adapter.r`. */
export type FieldPath = string;

/** Value at a path; undefined when it is absent. */
export function fieldOf(scenario: Scenario, path: FieldPath): unknown {
  let value: unknown = scenario;
  for (const key of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** The scenario with the value at `path` replaced; undefined removes the field. */
export function withField(scenario: Scenario, path: FieldPath, value: unknown): Scenario {
  const [section = "", key] = path.split(".");
  const before: JsonObject = { ...scenario };
  if (key === undefined) return toScenario(without({ ...before, [section]: value }));
  const fields = isObject(before[section]) ? before[section] : {};
  return toScenario({ ...before, [section]: without({ ...fields, [key]: value }) });
}

function without(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Fields that have a model are a scenario. */
export function toScenario(fields: JsonObject): Scenario {
  const { model } = fields;
  if (typeof model === "string" || isObject(model)) return { ...fields, model };
  throw new Error("a scenario lost its model");
}

export function sameValue(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Leaves that differ between two scenarios, the name of the run apart. */
export function countDifferences(left: unknown, right: unknown): number {
  if (!isObject(left) || !isObject(right)) return sameValue(left ?? null, right ?? null) ? 0 : 1;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  names.delete("id");
  return [...names].reduce((sum, name) => sum + countDifferences(left[name], right[name]), 0);
}
