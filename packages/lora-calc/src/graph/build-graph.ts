/** From a model's description to its module tree. */

import { Config } from "../model/config.js";
import type { Assumption } from "../model/config.js";
import type { ModelDescription } from "../model/description.js";
import { suggestion } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { blueprintOf, modelTypes } from "./blueprints/index.js";
import { buildFreeForm } from "./blueprints/free-form.js";
import type { ModuleGraph } from "./module-graph.js";

export interface BuiltGraph {
  readonly graph: ModuleGraph;
  /** Values the configuration did not give. */
  readonly assumed: readonly Assumption[];
}

/** Builds the tree of a described model with the blueprint of its model_type. */
export function buildGraph(description: ModelDescription, transformersMajor: number): BuiltGraph {
  if (description.kind === "safetensors") {
    reject({
      code: "unsupported",
      path: "model.safetensors",
      message: "models are not built from a safetensors header yet; give the model's config.json",
      expected: "config",
    });
  }
  const context = { className: undefined, transformersMajor };
  if (description.kind === "free_form") {
    return buildFreeForm(description.sizes, context);
  }
  const blueprint = blueprintOf(description.modelType);
  if (blueprint === undefined) rejectModelType(description.modelType);
  const config = new Config(description.config);
  const graph = blueprint.build(config, { ...context, className: description.architecture });
  return { graph, assumed: config.assumed };
}

function rejectModelType(modelType: string): never {
  const known = modelTypes();
  reject({
    code: "unknown_model_type",
    path: "model.config.model_type",
    message:
      `model_type ${modelType} has no blueprint here${suggestion(modelType, known)}; ` +
      "for a decoder, give its sizes instead: hidden_size, num_hidden_layers, total_params",
    received: modelType,
    expected: known,
  });
}
