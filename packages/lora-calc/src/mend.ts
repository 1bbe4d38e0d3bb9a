/** Ways to mend a refused scenario, each tried before it is offered. */

import type { Scenario } from "./scenario.js";
import { asScenario } from "./exchange/as-scenario.js";
import { estimate } from "./estimate.js";
import { isObject } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import type { Problem } from "./problem/problem.js";
import { floorOf, peaksOf } from "./exchange/peaks.js";
import { isRefusal } from "./result.js";
import type { Estimate } from "./result.js";
import { USUAL_STACK } from "./stacks/stacks.js";

export interface Mend {
  /** Where the scenario changes. */
  readonly path: string;
  /** What the field becomes; absent when the field is left out, or renamed. */
  readonly value?: unknown;
  /** The known name that an unknown field gets. */
  readonly name?: string;
  /** The scenario with the change in it. */
  readonly scenario: JsonObject;
}

/** More than two ways are no help. */
const MOST = 2;

/**
 * What would mend the field for which a scenario is refused: the nearest allowed value, a name's right spelling, or the default. Only
 * changes after which `estimate` has nothing more to say of that field; none where nobody but the user can know. A run that its
 * stack has no program for is offered under the usual stack, where that has one.
 *
 * Example: mendsOf({ model: "gpt2", adapter: { r: 0 } })[0]?.value // 1
 */
export function mendsOf(given: Scenario): readonly Mend[] {
  const scenario: JsonObject = { ...given };
  const refused = estimate(asScenario(scenario), { expandable: false });
  if (!isRefusal(refused)) return underUsualStack(scenario, refused);
  if (refused.error.path === "") return [];
  const { error: problem } = refused;
  const { path } = problem;
  return candidates(scenario, problem)
    .filter(({ scenario: mended }) => {
      const answer = estimate(asScenario(mended), { expandable: false });
      return !isRefusal(answer) || answer.error.path !== path;
    })
    .slice(0, MOST);
}

/** Where the stack has no program for the run, and the usual one has. */
function underUsualStack(scenario: JsonObject, answer: Estimate): Mend[] {
  const isOpen = floorOf(answer) !== undefined && scenario["stack"] !== undefined;
  if (!isOpen || scenario["stack"] === USUAL_STACK) return [];
  const mended = withValue(scenario, ["stack"], USUAL_STACK);
  const other = estimate(asScenario(mended), { expandable: false });
  if (isRefusal(other) || peaksOf(other) === undefined) return [];
  return [{ path: "stack", value: USUAL_STACK, scenario: mended }];
}

function candidates(scenario: JsonObject, { code, path, nearest, expected }: Problem): Mend[] {
  const keys = path.split(".");
  const set = (value: unknown): Mend => ({
    path,
    value,
    scenario: withValue(scenario, keys, value),
  });
  const without: Mend = { path, scenario: withValue(scenario, keys, undefined) };
  if (code === "unknown_field") {
    const renamed = typeof nearest === "string" ? [renamedTo(scenario, keys, nearest)] : [];
    return [...renamed, without];
  }
  if (code === "unknown_target_module" || code === "missing_target_modules") {
    return [set("all-linear")];
  }
  const choices: readonly unknown[] = Array.isArray(expected) ? expected : [];
  const value = nearest ?? choices[0];
  return [
    ...(value === undefined ? [] : [set(value)]),
    // A model has no default.
    ...(keys.length === 1 || keys[0] === "model" ? [] : [without]),
  ];
}

function renamedTo(scenario: JsonObject, keys: readonly string[], name: string): Mend {
  const value = keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), scenario);
  const rest = withValue(scenario, keys, undefined);
  return {
    path: keys.join("."),
    name,
    scenario: withValue(rest, [...keys.slice(0, -1), name], value),
  };
}

/** The object with the value at a path replaced; undefined removes the field. */
function withValue(fields: JsonObject, keys: readonly string[], value: unknown): JsonObject {
  const [key = "", ...deeper] = keys;
  const before = Object.hasOwn(fields, key) ? fields[key] : undefined;
  const next =
    deeper.length === 0 ? value : withValue(isObject(before) ? before : {}, deeper, value);
  const kept = Object.entries(fields).filter(([name]) => name !== key);
  return Object.fromEntries(next === undefined ? kept : [...kept, [key, next]]);
}
