/** The way to a fit: which levers to pull together when one is not enough. */

import type { JsonObject } from "../problem/fields.js";
import { MIN_SAVING, leverOf } from "./advise.js";
import type { Price, Priced, PricedLever } from "./advise.js";
import { LEVERS_BY_PRICE, applyChange } from "./levers.js";
import type { LeverRule } from "./levers.js";
import type { Situation } from "./situation.js";

export interface Climb {
  readonly price: Price;
  readonly situationOf: (scenario: JsonObject) => Situation;
}

interface Pulled {
  readonly scenario: JsonObject;
  readonly priced: Priced;
  readonly steps: readonly PricedLever[];
}

/** Halving levers may be pulled again; this many rounds halve a length of 2^24 down to one token. */
const MAX_ROUNDS = 24;

/**
 * Pulls levers in the order free, time, quality until the run fits, leaving out those that turn out not to be needed.
 * What leads to a fit is irredundant: without any of its steps the run would not fit.
 */
export function climbToFit(
  scenario: JsonObject,
  base: Priced,
  climb: Climb,
): { readonly steps: readonly PricedLever[]; readonly verdict: NonNullable<Priced["verdict"]> } {
  const { rules, reached } = rulesToFit({ scenario, priced: base, steps: [] }, climb);
  if (reached.priced.verdict !== "fits") {
    return { steps: reached.steps, verdict: reached.priced.verdict ?? "does_not_fit" };
  }
  const needed = rules.reduce<readonly LeverRule[]>((kept, rule) => {
    const others = without(kept, rule);
    return pull(others, scenario, base, climb).priced.verdict === "fits" ? others : kept;
  }, rules);
  const { steps, priced } = pull(needed, scenario, base, climb);
  return { steps, verdict: priced.verdict ?? "does_not_fit" };
}

function rulesToFit(
  start: Pulled,
  climb: Climb,
): { readonly rules: readonly LeverRule[]; readonly reached: Pulled } {
  let current = start;
  const pulled: LeverRule[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = pulled.length;
    for (const rule of LEVERS_BY_PRICE) {
      if (current.priced.verdict === "fits") return { rules: pulled, reached: current };
      const next = pullOne(rule, current, climb);
      if (next === undefined) continue;
      current = next;
      pulled.push(rule);
    }
    if (pulled.length === before) break;
  }
  return { rules: pulled, reached: current };
}

function pull(
  rules: readonly LeverRule[],
  scenario: JsonObject,
  base: Priced,
  climb: Climb,
): Pulled {
  const start: Pulled = { scenario, priced: base, steps: [] };
  return rules.reduce((current, rule) => pullOne(rule, current, climb) ?? current, start);
}

function pullOne(rule: LeverRule, current: Pulled, climb: Climb): Pulled | undefined {
  const change = rule.change(climb.situationOf(current.scenario));
  if (change === undefined) return undefined;
  const scenario = applyChange(current.scenario, change);
  const priced = climb.price(scenario);
  if (priced === undefined) return undefined;
  const saves = current.priced.processPeak - priced.processPeak;
  if (saves < MIN_SAVING) return undefined;
  return { scenario, priced, steps: [...current.steps, leverOf(rule, change, saves, priced)] };
}

/** The list without the first occurrence of a rule. */
function without(rules: readonly LeverRule[], rule: LeverRule): readonly LeverRule[] {
  const index = rules.indexOf(rule);
  return rules.filter((_, position) => position !== index);
}
