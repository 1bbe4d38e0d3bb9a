/** From a model's description to its module tree. */

import { Config } from "../model/config.js";
import type { Assumption } from "../model/config.js";
import { tensorsOf } from "../model/description.js";
import type { ModelDescription, Tensors } from "../model/description.js";
import type { JsonObject } from "../problem/fields.js";
import { isObject, suggestion } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { isVerified, shortRelease } from "../worlds/world.js";
import type { World } from "../worlds/world.js";
import { USUAL_WORLD } from "../worlds/index.js";
import { blueprintOf, modelTypes } from "./blueprints/index.js";
import type { Blueprint, BuildContext, BuiltGraph } from "./tree/blueprint.js";
import { buildFreeForm } from "./blueprints/free-form.js";
import { builtAsStored } from "./tree/as-stored.js";
import { graphFromHeader } from "./tree/from-header.js";
import { storesBoth, tiedHead, withTiesAsLoaded } from "./tree/load-ties.js";
import type { ModuleGraph } from "./tree/module-graph.js";

/** Builds the tree of a described model with the blueprint of its model_type, tied as it loads. */
export function buildGraph(description: ModelDescription, world: World): BuiltGraph {
  const built = builtByConfig(description, world);
  return world.rules.tiesAsStored ? tiedAsLoaded(description, built) : built;
}

const TIES_PATH = "model.ties";

function tiedAsLoaded(description: ModelDescription, built: BuiltGraph): BuiltGraph {
  const { graph, assumed } = built;
  const tensors = tensorsOf(description);
  if (tiedHead(graph) === undefined || description.ties === "config") return built;
  if (description.ties === "checkpoint") {
    return { graph: withTiesAsLoaded(graph, "checkpoint", tensors), assumed };
  }
  if (tensors !== undefined) {
    if (!storesBoth(graph, tensors)) return built;
    const reason =
      "the header holds the output embedding and what the configuration ties it to; were their numbers equal, transformers would tie them (model.ties config)";
    const assumption = { path: TIES_PATH, value: "checkpoint", reason };
    return {
      graph: withTiesAsLoaded(graph, "checkpoint", tensors),
      assumed: [...assumed, assumption],
    };
  }
  if (graph.storesOwnHead !== true) return built;
  const reason = `published checkpoints of ${graph.modelType} with tie_word_embeddings false hold an own output embedding`;
  const assumption = { path: TIES_PATH, value: "checkpoint", reason };
  return { graph: withTiesAsLoaded(graph, "checkpoint"), assumed: [...assumed, assumption] };
}

function builtByConfig(description: ModelDescription, world: World): BuiltGraph {
  const context = { className: undefined, world };
  if (description.kind === "free_form") {
    return buildFreeForm(description.sizes, context);
  }
  if (description.kind === "safetensors") {
    return builtByNames(description.tensors, description.config);
  }
  const { modelType, config, tensors, architecture } = description;
  const blueprint = blueprintOf(modelType);
  if (blueprint === undefined) {
    if (tensors === undefined) rejectModelType(modelType, config);
    return builtByNames(tensors, config);
  }
  // A repository's own classes are no matter of transformers' releases.
  if (blueprint.isOwnCode !== true) rejectUnverified(modelType, config, world);
  const build = (values: JsonObject): BuiltGraph =>
    builtAs(blueprint, values, context, architecture);
  const built = tensors === undefined ? build(config) : builtAsStored(build, config, tensors);
  const stops = whereItStops(blueprint, world);
  const graph = stops === undefined ? built.graph : { ...built.graph, stops };
  return { graph, assumed: [...built.assumed, ...whoseCode(blueprint, graph, config)] };
}

/** A sentence where the code of a repository does not run in a world. */
function whereItStops({ runsUnder }: Blueprint, world: World): string | undefined {
  if (runsUnder === undefined) return undefined;
  const { transformers, elsewhere } = runsUnder;
  const here = shortRelease(world, "transformers");
  if (here === transformers) return undefined;
  return `the code of its repository stops under transformers ${here} (${elsewhere}); with versions.transformers ${transformers} it runs`;
}

const AUTO_MAP = "model.config.auto_map";

/** Which classes are counted where a repository brings its own. Source: transformers models/auto/auto_factory.py. */
function whoseCode(
  { isOwnCode }: Blueprint,
  { className }: ModuleGraph,
  config: JsonObject,
): readonly Assumption[] {
  if (isOwnCode === true) {
    const reason =
      "the repository's own class, which trust_remote_code loads; transformers has none, and releases that the code was not written for may not run it";
    return [{ path: AUTO_MAP, value: className, reason }];
  }
  const classes = config["auto_map"];
  if (!isObject(classes) || !Object.keys(classes).some((name) => name.startsWith("AutoModel"))) {
    return [];
  }
  const reason =
    "transformers' own class; trust_remote_code loads the repository's instead (auto_map), whose modules can be others";
  return [{ path: AUTO_MAP, value: className, reason }];
}

/** The tree as the names of the tensors say it. */
function builtByNames(tensors: Tensors, config: JsonObject | undefined): BuiltGraph {
  const own = config?.["auto_map"] === undefined ? "" : OWN_CODE;
  const assumption = {
    path: "model.safetensors",
    value: "every 2-D weight is a Linear, or an embedding by its name",
    reason: `no blueprint${own}: the tree is read from the names of the tensors`,
  };
  return { graph: graphFromHeader(tensors, config), assumed: [assumption] };
}

const OWN_CODE = ", the classes are the repository's own (auto_map, trust_remote_code)";

/** Tasks of PEFT behind transformers' auto classes; `AutoModelForCausalLM` is what is built where no class is named. */
const TASK_OF_AUTO_CLASS: Readonly<Record<string, string>> = {
  AutoModel: "FEATURE_EXTRACTION",
  AutoModelForSequenceClassification: "SEQ_CLS",
  AutoModelForTokenClassification: "TOKEN_CLS",
  AutoModelForQuestionAnswering: "QUESTION_ANS",
  AutoModelForSeq2SeqLM: "SEQ_2_SEQ_LM",
  AutoModelForCausalLM: "CAUSAL_LM",
};

function builtAs(
  blueprint: Blueprint,
  values: JsonObject,
  context: BuildContext,
  className: string | undefined,
): BuiltGraph {
  const config = new Config(values);
  const isAuto = className?.startsWith("AutoModel") === true;
  const usual = isAuto ? undefined : className;
  const graph = blueprint.build(config, { ...context, className: usual });
  if (!isAuto) return { graph, assumed: config.assumed };
  const task = TASK_OF_AUTO_CLASS[className];
  const ofTask = task === undefined ? undefined : graph.classOfTask?.[task];
  if (ofTask === graph.className) return { graph, assumed: config.assumed };
  if (ofTask === undefined) rejectAutoClass(className, graph);
  return {
    graph: blueprint.build(config, { ...context, className: ofTask }),
    assumed: config.assumed,
  };
}

function rejectAutoClass(className: string, { modelType, classOfTask = {} }: ModuleGraph): never {
  const known = Object.keys(TASK_OF_AUTO_CLASS).filter((name) =>
    Object.hasOwn(classOfTask, TASK_OF_AUTO_CLASS[name] ?? ""),
  );
  reject({
    code: "invalid_value",
    path: "model.architecture",
    message: `${className} has no class for ${modelType} here; name the class itself, or take ${known.join(", ")}`,
    received: className,
    expected: known,
  });
}

/** In some worlds many models have other modules: those that are not compared there are refused by name. */
function rejectUnverified(modelType: string, config: JsonObject, world: World): void {
  if (isVerified(world, modelType, config["tie_word_embeddings"] === false)) return;
  const here = shortRelease(world, "transformers");
  const usual = shortRelease(USUAL_WORLD, "transformers");
  reject({
    code: "unsupported",
    path: "versions.transformers",
    message: `${modelType} has other modules under transformers ${here}, or none, and is counted as transformers ${usual} builds it; leave versions.transformers out, or take ${usual}`,
    received: here,
    expected: usual,
  });
}

function rejectModelType(modelType: string, config: JsonObject): never {
  const own = config["auto_map"] === undefined ? "" : OWN_CODE;
  const known = modelTypes();
  reject({
    code: "unknown_model_type",
    path: "model.config.model_type",
    message:
      `model_type ${modelType} has no blueprint here${suggestion(modelType, known)}${own}; ` +
      "give the header of its safetensors file (model.safetensors), or for a decoder its sizes (model.hidden_size, model.num_hidden_layers, model.total_params)",
    received: modelType,
    expected: known,
  });
}
