/** A model as people give it, with the versions it is built under: the one place that puts the three together. */

import { findModel } from "../catalogue/models.js";
import type { Assumption } from "../model/config.js";
import { describeModel } from "../model/description.js";
import type { ModelDescription } from "../model/description.js";
import type { Fields } from "../problem/fields.js";
import { findStack } from "../stacks/stacks.js";
import { chooseWorld } from "../worlds/choose-world.js";
import type { ChosenWorld } from "../worlds/choose-world.js";
import { USUAL_WORLD } from "../worlds/index.js";
import type { World } from "../worlds/world.js";
import { buildGraph } from "./build-graph.js";
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
  const stack = scenario.string("stack");
  const chosen = chooseWorld(
    scenario.object("versions"),
    stack === undefined ? undefined : findStack(stack),
  );
  const { world } = chosen;
  return { chosen, world, ...buildModel(scenario.get("model"), world) };
}

/** A model in a world. */
export function buildModel(model: unknown, world: World = USUAL_WORLD): BuiltModel {
  const description = describeModel(model, (id) => findModel(id).config);
  return { description, ...buildGraph(description, world) };
}
