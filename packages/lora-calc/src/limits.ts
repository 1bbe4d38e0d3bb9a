/** How far a run could go on its card: the largest batch, length and rank, and the smallest cards that hold it as it is. */

import { asScenario } from "./exchange/as-scenario.js";
import { cardsThatHold, searchAlong } from "./advice/advise.js";
import type { Start } from "./advice/advise.js";
import { islandsAbove } from "./advice/largest-fitting.js";
import type { RoomAt } from "./advice/largest-fitting.js";
import { applyChange } from "./advice/levers.js";
import { SETTINGS } from "./advice/settings.js";
import type { Setting } from "./advice/settings.js";
import type { SettingName } from "./fields/result-names.js";
import type { GpuRow } from "./catalogue/rows/row.js";
import { estimate } from "./estimate.js";
import { pricer, situationOf } from "./price.js";
import type { Pricer } from "./price.js";
import type { JsonObject } from "./problem/fields.js";
import type { Problem } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Limit, Refusal } from "./result.js";
import type { Scenario } from "./scenario.js";

export interface Limits extends Readonly<Partial<Record<SettingName, Limit>>> {
  readonly schema: 1;
  readonly card: string;
  /** Cards of the catalogue that hold the run as it is, smallest first. */
  readonly cards: readonly GpuRow[];
  /** Searches above a limit that were cut short, because the runs before them had cost enough. 0 for almost every run. */
  readonly left_out: number;
}

export type LimitsResult = Limits | Refusal;

/**
 * The limits of a scenario on its card, or on `card`, a name of the catalogue. A value fits when the whole process band lies
 * under what the card gives; where memory is not computed (too long for the model) it does not.
 *
 * Never throws; without a card, or without memory, the answer is an `error`. Cost: at most 12 estimates per limit, then those
 * of the steps above it as long as their allocated peak alone would fit, and one per kind of card.
 * Example: limits({ model: "gpt2", adapter: { r: 8 }, training: {} }, "T4").max_length.value // 1024
 */
export function limits(scenario: Scenario, card?: string): LimitsResult {
  const hardware = card === undefined ? scenario.hardware : { ...scenario.hardware, gpu: card };
  const asked: JsonObject = {
    training: {},
    ...scenario,
    ...(hardware === undefined ? {} : { hardware }),
  };
  const answer = estimate(asScenario(asked), { expandable: false });
  if (isRefusal(answer)) return answer;
  const { fit, warnings } = answer;
  if (fit === undefined) {
    const why = warnings.find(({ code }) => code === "memory_not_computed")?.message;
    return { schema: 1, error: why === undefined ? NO_CARD : notComputed(why) };
  }
  // The limits themselves are always looked for to the end; what lies above each, as far as the work allows.
  const pricing = pricer(Infinity);
  const spares = new Map(SETTINGS.map((setting) => [setting, pricer(MAX_ISLAND_EVENTS)]));
  const { parameters } = answer;
  const start = { scenario: asked, situation: situationOf(asked), parameters };
  const found = [...spares].flatMap(([setting, spare]) => {
    const limit = limitOf(setting, start, pricing, spare);
    return limit === undefined ? [] : [[setting.name, limit] as const];
  });
  return {
    schema: 1,
    card: fit.card,
    ...Object.fromEntries(found),
    cards: cardsThatHold(asked, pricing.price),
    left_out: [...spares.values()].reduce((sum, spare) => sum + spare.leftOut(), 0),
  };
}

/** Events of the allocator above one limit: 64 runs of an 8B model on 100,000 tokens take nearly half of them. */
const MAX_ISLAND_EVENTS = 32_000_000;

const NO_CARD: Problem = {
  code: "missing_field",
  path: "hardware.gpu",
  message: "limits need a card that puts an end to them: give hardware.gpu",
  expected: "a card of the catalogue, or its memory",
};

function notComputed(message: string): Problem {
  return { code: "unsupported", path: "", message };
}

/** One of the limits; undefined for a run that has no such setting. */
function limitOf(
  setting: Setting,
  start: Start,
  { price }: Pricer,
  spare: Pricer,
): Limit | undefined {
  const found = searchAlong(setting, start, price);
  if (found === undefined) return undefined;
  const { now, value, fits, endsBy, estimates, most } = found;
  const { step, change } = setting;
  const peak = fits === 0 ? undefined : price(applyChange(start.scenario, change(value)));
  const roomAt: RoomAt = (steps) =>
    spare.price(applyChange(start.scenario, change(steps * step)))?.room;
  return {
    now,
    value,
    step,
    ends_by: endsBy,
    ...(peak === undefined ? {} : { process_peak: peak.processPeak }),
    also_fits: islandsAbove(roomAt, fits, most).map((steps) => step * steps),
    estimates,
  };
}
