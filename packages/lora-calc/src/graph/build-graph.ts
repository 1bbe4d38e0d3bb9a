/** From a model's description to its module tree. */

import { Config } from "../model/config.js";
import type { Assumption } from "../model/config.js";
import type { ModelDescription } from "../model/description.js";
import { suggestion } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { blueprintOf, modelTypes } from "./blueprints/index.js";
import type { ModuleGraph } from "./module-graph.js";

export interface BuiltGraph {
  readonly graph: ModuleGraph;
  /** Values the configuration did not give. */
  readonly assumed: readonly Assumption[];
}

/** Builds the tree of a described model with the blueprint of its model_type. */
export function buildGraph(description: ModelDescription, transformersMajor: number): BuiltGraph {
  if (description.kind !== "config") {
    reject({
      code: "unsupported",
      path: "model",
      message: "give the model's config.json; other descriptions are not built yet",
      expected: "config",
    });
  }
  const blueprint = blueprintOf(description.modelType);
  if (blueprint === undefined) rejectModelType(description.modelType);
  const config = new Config(description.config);
  const graph = blueprint.build(config, {
    className: description.architecture,
    transformersMajor,
  });
  return { graph, assumed: config.assumed };
}

function rejectModelType(modelType: string): never {
  const known = modelTypes();
  reject({
    code: "unknown_model_type",
    path: "model.config.model_type",
    message:
      `model_type ${modelType} has no blueprint here${suggestion(modelType, known)}; ` +
      "give the safetensors header instead, it is enough for counts and weights",
    received: modelType,
    expected: known,
  });
}
