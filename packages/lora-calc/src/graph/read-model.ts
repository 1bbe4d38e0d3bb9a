/** A model as people give it, with the versions it is built under: the one place that puts the three together. */

import { findModel } from "../catalogue/models.js";
import type { Assumption } from "../model/config.js";
import { describeModel } from "../model/description.js";
import type { ModelDescription } from "../model/description.js";
import { Fields } from "../problem/fields.js";
import { findStack } from "../stacks/stacks.js";
import { llamaForm } from "../stacks/unsloth.js";
import { chooseWorld } from "../worlds/choose-world.js";
import type { ChosenWorld } from "../worlds/choose-world.js";
import { USUAL_WORLD } from "../worlds/index.js";
import { shortRelease } from "../worlds/world.js";
import type { World } from "../worlds/world.js";
import { blueprintOf } from "./blueprints/index.js";
import { buildGraph } from "./build-graph.js";
import type { Blueprint } from "./tree/blueprint.js";
import type { ModuleGraph } from "./tree/module-graph.js";

export interface BuiltModel {
  readonly description: ModelDescription;
  readonly graph: ModuleGraph;
  /** Sizes that the configuration left to its class. */
  readonly assumed: readonly Assumption[];
}

export interface ScenarioModel extends BuiltModel {
  readonly world: World;
  /** How the world was found. */
  readonly chosen: ChosenWorld;
}

/** The model of a scenario, in the world that its versions name. */
export function readModel(scenario: Fields): ScenarioModel {
  const description = inFormOf(scenario, describe(scenario.get("model")));
  const chosen = worldOf(scenario, description);
  const { world } = chosen;
  return { chosen, world, description, ...buildGraph(description, world) };
}

/** A model in a world. */
export function buildModel(model: unknown, world: World = USUAL_WORLD): BuiltModel {
  const description = describe(model);
  return { description, ...buildGraph(description, world) };
}

function describe(model: unknown): ModelDescription {
  return describeModel(model, (id) => findModel(id).config);
}

/** As the stack loads it. */
function inFormOf(scenario: Fields, description: ModelDescription): ModelDescription {
  const stackId = scenario.string("stack");
  if (stackId === undefined || findStack(stackId).unsloth === undefined) return description;
  const config = description.kind === "config" ? llamaForm(description.config) : undefined;
  if (config === undefined || description.kind !== "config") return description;
  const { kind, id, tensors, ties } = description;
  return {
    ...{ kind, config, modelType: "llama" },
    ...(id === undefined ? {} : { id }),
    ...(tensors === undefined ? {} : { tensors }),
    ...(ties === undefined ? {} : { ties }),
  };
}

/** By the versions that are typed and by the stack; where nobody names transformers, one that runs the model's own code. */
function worldOf(scenario: Fields, description: ModelDescription): ChosenWorld {
  const stackId = scenario.string("stack");
  const stack = stackId === undefined ? undefined : findStack(stackId);
  const typed = scenario.object("versions");
  const runsUnder = releaseOf(description);
  if (runsUnder === undefined || typed?.has("transformers") === true) {
    return chooseWorld(typed, stack);
  }
  const { transformers, elsewhere } = runsUnder;
  const chosen = chooseWorld(new Fields({ ...typed?.values, transformers }, "versions"), stack);
  const reason = `the code of the model's repository stops under transformers ${shortRelease(USUAL_WORLD, "transformers")} (${elsewhere})`;
  const assumption = { path: "versions.transformers", value: transformers, reason };
  return { ...chosen, assumed: [...chosen.assumed, assumption] };
}

function releaseOf(description: ModelDescription): Blueprint["runsUnder"] {
  return description.kind === "config" ? blueprintOf(description.modelType)?.runsUnder : undefined;
}
