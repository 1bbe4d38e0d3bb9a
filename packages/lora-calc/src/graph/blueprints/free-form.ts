/** A model of sizes typed by hand: the decoder that most models are, exact for what it is told. */

import { Config } from "../../model/config.js";
import type { Assumption } from "../../model/config.js";
import { FREE_FORM_FIELDS, SIZE_FIELDS } from "../../fields/model.js";
import { readField, readFields } from "../../fields/read.js";
import { Fields } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { ModuleGraph } from "../tree/module-graph.js";
import type { BuildContext } from "../tree/blueprint.js";
import { parameterCount } from "../tree/sites.js";
import { llama } from "./llama.js";

/** Width of a head in llama 1 to 3, and of most models since. */
const USUAL_HEAD_DIM = 128;
const USUAL_VOCABULARY = 32_000;
/** Llama's rule: 8/3 of the hidden size, rounded up to a multiple of 256. Source: arXiv:2302.13971, llama@2022 model.py. */
const MLP_RATIO = 8 / 3;
const MLP_MULTIPLE = 256;

interface FreeForm {
  /** The sizes as the config.json of a llama model. */
  readonly config: JsonObject;
  readonly assumed: readonly Assumption[];
  /** Parameters that the model was said to have. */
  readonly total: number | undefined;
}

type Build = (config: JsonObject) => ModuleGraph;

/** The tree of a model of typed sizes, and the sizes that were not typed. */
export function buildFreeForm(
  sizes: JsonObject,
  context: BuildContext,
): { readonly graph: ModuleGraph; readonly assumed: readonly Assumption[] } {
  const build: Build = (config) => llama.build(new Config(config), context);
  const { config, assumed, total } = readFreeForm(sizes, build);
  return { graph: withTotal(build(config), total), assumed };
}

/** Reads the sizes; those not given follow from the others and are listed. `build` makes the tree of a config.json. */
function readFreeForm(sizes: JsonObject, build: Build): FreeForm {
  const fields = new Fields(sizes, "model");
  fields.rejectUnknown(Object.keys(FREE_FORM_FIELDS));
  const given = readFields(fields, SIZE_FIELDS);
  const hidden = given.hidden_size ?? missing("hidden_size");
  if (given.num_hidden_layers === undefined) missing("num_hidden_layers");
  const total = readField(fields, "total_params", FREE_FORM_FIELDS.total_params);
  const heads = given.num_attention_heads ?? Math.max(1, Math.round(hidden / USUAL_HEAD_DIM));
  const usual = {
    num_attention_heads: heads,
    num_key_value_heads: heads,
    head_dim: Math.max(1, Math.floor(hidden / heads)),
    vocab_size: USUAL_VOCABULARY,
    intermediate_size: MLP_MULTIPLE * Math.ceil((MLP_RATIO * hidden) / MLP_MULTIPLE),
    tie_word_embeddings: fields.boolean("tie_word_embeddings") ?? false,
  };
  const config = { model_type: "llama", ...usual, ...given };
  const width =
    total === undefined || given.intermediate_size !== undefined
      ? config.intermediate_size
      : widthThatFits(config, total, build);
  const complete = { ...config, intermediate_size: width };
  const taken = Object.keys(usual).filter((name) => !fields.has(name));
  return {
    config: complete,
    total,
    assumed: taken.map((name) => ({
      path: `model.${name}`,
      value: complete[name as keyof typeof complete],
      reason: "usual for a decoder of these sizes",
    })),
  };
}

/** The widest MLP with which the model has no more parameters than it was said to have. */
function widthThatFits(config: JsonObject, total: number, build: Build): number {
  const countOf = (width: number): number =>
    parameterCount(build({ ...config, intermediate_size: width }));
  const one = countOf(1);
  const perUnit = countOf(2) - one;
  return Math.max(1, 1 + Math.floor((total - one) / perUnit));
}

/**
 * The tree with as many parameters as it was said to have: those that the sizes do not explain are registered on the model
 * itself, where no adapter sees them.
 */
function withTotal(graph: ModuleGraph, total: number | undefined): ModuleGraph {
  const listed = parameterCount(graph);
  if (total === undefined || total === listed) return graph;
  if (total < listed) {
    reject({
      code: "invalid_value",
      path: "model.total_params",
      message: `the sizes alone give ${listed} parameters; total_params must be at least that, or leave intermediate_size or vocab_size out`,
      received: total,
      expected: `at least ${listed}`,
    });
  }
  const rest = { name: "unlisted", shape: [total - listed] };
  return { ...graph, root: { ...graph.root, parameters: [...graph.root.parameters, rest] } };
}

function missing(name: string): never {
  reject({
    code: "missing_field",
    path: `model.${name}`,
    message: `model needs ${name}, or a config.json as {"config": …}, or a name of the catalogue`,
    expected: "whole number",
  });
}
