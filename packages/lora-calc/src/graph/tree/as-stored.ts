/**
 * A configuration beside the header of its weights: where the two differ, the header is what lies there. A resized
 * vocabulary is taken from it, heads that only one of them has are said, and any other shape means another model.
 */

import type { Assumption } from "../../model/config.js";
import type { Tensors } from "../../model/description.js";
import { isObject } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { FLOATS } from "./from-header.js";
import { tiedHead } from "./load-ties.js";
import type { BuiltGraph } from "./blueprint.js";
import type { ModuleGraph } from "./module-graph.js";
import { isRepeat } from "./module-graph.js";
import { rootSite, sitesOf } from "./sites.js";

/** The graph of a configuration, with the vocabulary of the header, and what is in one of the two only. */
export function builtAsStored(
  build: (config: JsonObject) => BuiltGraph,
  config: JsonObject,
  tensors: Tensors,
): BuiltGraph {
  const { graph, assumed } = build(config);
  const rows = storedRows(graph, tensors);
  const resized = rows === undefined ? undefined : withVocabulary(config, rows);
  if (rows === undefined || resized === undefined) {
    rejectOtherShapes(graph, tensors);
    return { graph, assumed: [...assumed, ...oddHeads(graph, tensors)] };
  }
  const again = build(resized.config);
  rejectOtherShapes(again.graph, tensors);
  const reason = `rows of the embedding in the header; config.json says ${String(resized.was)}, and transformers stops on loading until it says what lies there`;
  return {
    graph: again.graph,
    assumed: [
      ...again.assumed,
      { path: resized.path, value: rows, reason },
      ...oddHeads(again.graph, tensors),
    ],
  };
}

/** Rows of the word embedding in the header where they are others than in the graph. */
function storedRows(graph: ModuleGraph, tensors: Tensors): number | undefined {
  const { inputEmbedding } = graph;
  const site = [...sitesOf(graph)].find(({ path }) => path === inputEmbedding);
  const built = site?.node.parameters.find(({ name }) => name === "weight")?.shape;
  const name = `${inputEmbedding}.weight`;
  const stored = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (built === undefined || stored?.shape.length !== 2 || !FLOATS.includes(stored.dtype)) {
    return undefined;
  }
  const [rows = 0, width] = stored.shape;
  return width === built[1] && rows !== built[0] && rows > 0 ? rows : undefined;
}

const SIZE = "vocab_size";

/** vocab_size replaced where the configuration says it: at its root, or in the part that reads text. */
function withVocabulary(
  config: JsonObject,
  rows: number,
): { readonly config: JsonObject; readonly path: string; readonly was: unknown } | undefined {
  const part = config["text_config"];
  if (isObject(part) && part[SIZE] !== undefined) {
    const text = { ...part, [SIZE]: rows };
    return {
      config: { ...config, text_config: text },
      path: `model.config.text_config.${SIZE}`,
      was: part[SIZE],
    };
  }
  if (config[SIZE] === undefined) return undefined;
  return { config: { ...config, [SIZE]: rows }, path: `model.config.${SIZE}`, was: config[SIZE] };
}

/** Heads that a file can hold and its class does not have; `mtp` are layers that predict further tokens. */
const HEADS = /^(?:lm_head|embed_out|score|classifier|qa_outputs|v_head|value_head|mtp)\./;

/** Heads of the class that the file lacks, and those of the file that the class lacks. */
function oddHeads(graph: ModuleGraph, tensors: Tensors): readonly Assumption[] {
  const names = Object.keys(tensors);
  const tied = tiedHead(graph);
  const children = graph.root.children.flatMap((child) => (isRepeat(child) ? [] : [child]));
  const own = new Set(children.map(({ name }) => name));
  const missing = children
    .filter(({ name, parameters }) => parameters.length > 0 && `${name}.weight` !== tied)
    .filter(({ name }) => HEADS.test(`${name}.`) && !names.some((each) => hasPart(each, name)))
    .map(({ name }): Assumption => ({
      path: `model.safetensors.${name}`,
      value: "drawn anew",
      reason: `${graph.className} has it and the file does not: transformers draws it at random and says so`,
    }));
  const heads = names.flatMap((name) =>
    HEADS.test(name) ? [name.slice(0, name.indexOf("."))] : [],
  );
  const extra = [...new Set(heads)]
    .filter((head) => !own.has(head))
    .map((head): Assumption => ({
      path: `model.safetensors.${head}`,
      value: "left out",
      reason: `the file has it and ${graph.className} does not: transformers leaves it out and says so`,
    }));
  return [...missing, ...extra];
}

function hasPart(name: string, part: string): boolean {
  return name.startsWith(`${part}.`) || name.includes(`.${part}.`);
}

/** A header and a configuration of different models: stops at the first tensor that says so. */
function rejectOtherShapes(graph: ModuleGraph, tensors: Tensors): void {
  for (const site of [rootSite(graph), ...sitesOf(graph)]) {
    for (const { name, shape } of site.node.parameters) {
      const path = site.path === "" ? name : `${site.path}.${name}`;
      const tensor = Object.hasOwn(tensors, path) ? tensors[path] : undefined;
      if (tensor === undefined || !FLOATS.includes(tensor.dtype)) continue;
      if (tensor.shape.join() === shape.join()) continue;
      reject({
        code: "invalid_value",
        path: `model.safetensors.${path}`,
        message: `${path} has shape [${tensor.shape.join(", ")}] in the header and [${shape.join(", ")}] by the configuration; give the config.json of this file`,
        received: tensor.shape,
        expected: shape,
      });
    }
  }
}
