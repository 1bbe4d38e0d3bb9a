/** Facts that the page carries from its build, so that the first view needs neither the engine nor the catalogue. */

import { familyOf, listGpus, listModels, listRecipes, listStacks } from "lora-calc";
import type { CardFamily, RecipeRow, Scenario } from "lora-calc";
import { answerTo, counselOn } from "./answer.js";
import type { Answer, Counsel } from "./answer.js";
import { DEFAULT_SCENARIO } from "./default-scenario.js";

interface ModelName {
  readonly repo: string;
  /** Repositories of the same structure. */
  readonly others: readonly string[];
  readonly parameters: number;
}

interface Card {
  readonly name: string;
  /** Other names it goes by. */
  readonly others: readonly string[];
  readonly family: CardFamily;
  readonly memoryBytes: number;
}

export interface SiteData {
  readonly scenario: Scenario;
  readonly answer: Answer;
  readonly counsel: Counsel | undefined;
  readonly models: readonly ModelName[];
  readonly gpus: readonly Card[];
  readonly stacks: readonly { readonly id: string; readonly name: string }[];
  readonly recipes: readonly RecipeRow[];
}

export function computeSiteData(): SiteData {
  return {
    scenario: DEFAULT_SCENARIO,
    answer: answerTo(DEFAULT_SCENARIO),
    counsel: counselOn(DEFAULT_SCENARIO),
    models: listModels()
      .map(({ repo, aliases = [], parameters }) => ({ repo, others: aliases, parameters }))
      .sort((left, right) => left.repo.localeCompare(right.repo, "en")),
    gpus: listGpus()
      .map((row) => ({
        name: row.name,
        others: row.names ?? [],
        family: familyOf(row),
        memoryBytes: row.memoryBytes,
      }))
      .sort((left, right) => left.memoryBytes - right.memoryBytes),
    stacks: listStacks().map(({ id, name }) => ({ id, name })),
    recipes: listRecipes(),
  };
}
