/** Where a run started from: what the marks of change compare with. */

import { asScenario } from "lora-calc";
import type { Scenario } from "lora-calc";
import { SITE_DATA } from "virtual:site-data";
import { PRESETS, withPreset } from "./presets.js";

/** The recipe or preset named by the scenario's id, else the worked example, with what the reader runs and on which card. */
export function baselineOf({ id, model, hardware }: Scenario): Scenario {
  const recipe = id === undefined ? undefined : scenarioOfRecipe(id);
  const own = hardware === undefined ? {} : { hardware };
  if (recipe !== undefined) return { ...recipe, ...own };
  const preset = PRESETS.find((candidate) => candidate.id === id);
  const bare = { ...SITE_DATA.scenario, model, ...own };
  return preset === undefined ? bare : withPreset(bare, preset);
}

/** A recipe as a scenario that remembers where it came from; undefined for an id that is none. */
export function scenarioOfRecipe(id: string): Scenario | undefined {
  const recipe = SITE_DATA.recipes.find((row) => row.id === id);
  return recipe === undefined ? undefined : asScenario({ schema: 1, id, ...recipe.scenario });
}
