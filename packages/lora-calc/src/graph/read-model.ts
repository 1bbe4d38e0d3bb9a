/** A model as people give it, with the versions it is built under: the one place that puts the three together. */

import { findModel } from "../catalogue/models.js";
import type { Assumption } from "../model/config.js";
import { describeModel } from "../model/description.js";
import type { ModelDescription } from "../model/description.js";
import { readVersions } from "../model/versions.js";
import type { Versions } from "../model/versions.js";
import type { Fields } from "../problem/fields.js";
import { buildGraph } from "./build-graph.js";
import type { ModuleGraph } from "./tree/module-graph.js";

export interface BuiltModel {
  readonly description: ModelDescription;
  readonly graph: ModuleGraph;
  /** Sizes that the configuration left to its class. */
  readonly assumed: readonly Assumption[];
}

export interface ScenarioModel extends BuiltModel {
  readonly versions: Versions;
}

/** The model of a scenario, under the versions it names. */
export function readModel(scenario: Fields): ScenarioModel {
  const versions = readVersions(scenario.object("versions"));
  return { versions, ...buildModel(scenario.get("model"), versions) };
}

/** A model under given versions, by default the current ones. */
export function buildModel(
  model: unknown,
  { transformersMajor }: Pick<Versions, "transformersMajor"> = readVersions(undefined),
): BuiltModel {
  const description = describeModel(model, (id) => findModel(id).config);
  return { description, ...buildGraph(description, transformersMajor) };
}
