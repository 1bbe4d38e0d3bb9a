/** Facts that the page carries from its build, so that the first view needs neither the engine nor the catalogue. */

import { familyOf, listFields, listGpus, listModels, listRecipes, listStacks } from "lora-calc";
import type { CardFamily, Field, FieldType, RecipeRow, Scenario } from "lora-calc";
import { FIELD_WORDS } from "../words/fields-en.js";
import { answerTo, counselOn } from "./answer.js";
import type { Answer, Counsel } from "./answer.js";
import { DEFAULT_SCENARIO } from "./default-scenario.js";

interface ModelName {
  readonly repo: string;
  /** Repositories of the same structure. */
  readonly others: readonly string[];
  readonly parameters: number;
}

/** What the table of fields says of a field that has a control. */
interface Control {
  readonly kind: "number" | "switch" | "choice";
  /** Of a choice from a list that the table has. */
  readonly values?: readonly string[];
  /** What an absent field means where no stack says otherwise. */
  readonly default?: unknown;
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
  /** By path in a scenario. */
  readonly controls: Readonly<Record<string, Control>>;
}

/** Of the fields that people set, those that the page has words for, and so controls. */
function controlsOf(fields: readonly Field[]): SiteData["controls"] {
  const controls = fields
    .filter(({ path, flag }) => flag !== undefined && Object.hasOwn(FIELD_WORDS, path))
    .map(({ path, type, default: own }) => {
      const values = type.kind === "choice" ? { values: type.values } : {};
      return [path, { kind: kindOf(type), ...values, default: own }] as const;
    });
  return Object.fromEntries(controls);
}

function kindOf({ kind }: FieldType): Control["kind"] {
  if (kind === "integer" || kind === "number") return "number";
  return kind === "boolean" ? "switch" : "choice";
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
    controls: controlsOf(listFields()),
  };
}
