/** The base model of an adapter: given, or named by its configuration. */

import { catalogueConfig, knownModel } from "../catalogue/models.js";
import { buildModel } from "../graph/read-model.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import type { Finding } from "./findings.js";

export interface Base {
  readonly name?: string;
  readonly graph?: ModuleGraph;
  readonly findings: readonly Finding[];
}

/** What the adapter says of the model it was trained on. */
export interface Trained {
  /** Class of transformers, chosen among those of the model. */
  readonly classOf?: (graph: ModuleGraph) => string | undefined;
  /** Rows of the trained head of a classifier. */
  readonly labels?: number;
}

/** The model as the adapter has known it: of its class and with its labels, where the caller says nothing else. */
export function baseGraph(given: unknown, named: string | undefined, trained: Trained = {}): Base {
  const own = typeof given === "string" ? given : named;
  const name = own === undefined ? {} : { name: own };
  const isKnown = named !== undefined && knownModel(named) !== undefined;
  const model = given ?? (isKnown ? named : undefined);
  if (model === undefined) return { ...name, findings: [notFound(named)] };
  const graph = build(model);
  const className = hasClass(model) ? graph.className : trained.classOf?.(graph);
  const { labels } = trained;
  if ((className === undefined || className === graph.className) && labels === undefined)
    return { ...name, graph, findings: [] };
  const parts = typeof model === "string" ? { config: catalogueConfig(model) } : model;
  const { config, ...others } = isObject(parts) ? parts : {};
  const changed = {
    ...others,
    config: labels === undefined || !isObject(config) ? config : withLabels(config, labels),
    ...(className === undefined ? {} : { architecture: className }),
  };
  return { ...name, graph: isObject(config) ? build(changed) : graph, findings: [] };
}

function build(model: unknown): ModuleGraph {
  return buildModel(model).graph;
}

function withLabels(config: JsonObject, labels: number): JsonObject {
  return { ...config, num_labels: labels };
}

function hasClass(model: unknown): boolean {
  return isObject(model) && typeof model["architecture"] === "string";
}

function notFound(named: string | undefined): Finding {
  if (named === undefined || named === "") {
    return {
      code: "base_not_named",
      level: "warning",
      message:
        "the file does not name its base model, so nothing is counted on it; give the model, or its config.json",
    };
  }
  return {
    code: "base_unknown",
    level: "warning",
    message: `${named} is not in the catalogue, so nothing is counted on it; give its config.json`,
  };
}
