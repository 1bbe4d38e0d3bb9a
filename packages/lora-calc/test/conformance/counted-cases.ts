/** Cases that real PEFT counted, and the comparison with what we count. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import type { AdapterPlan } from "../../src/adapter/plan/plan.js";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { estimate } from "../../src/estimate.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import type { ModuleGraph } from "../../src/graph/tree/module-graph.js";
import type { Site } from "../../src/graph/tree/sites.js";
import { describeModel } from "../../src/model/description.js";
import { InputError } from "../../src/problem/problem.js";
import type { Problem } from "../../src/problem/problem.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { PROBLEM_CODES } from "../../src/problem/codes.js";
import type { CodeFacts } from "../../src/problem/codes.js";
import { isRefusal } from "../../src/result.js";
import type { Result } from "../../src/result.js";
import { formatTrainableLine } from "../../src/units/format.js";
import { Fields } from "../../src/problem/fields.js";
import { chooseWorld } from "../../src/worlds/choose-world.js";
import type { World } from "../../src/worlds/world.js";

type Case =
  | { readonly adapter: JsonObject; readonly error: string; readonly message: string }
  | {
      readonly adapter: JsonObject;
      readonly trainable: number;
      readonly all: number;
      readonly modules: Readonly<Record<string, number>>;
      /** Start of the SHA-256 of all adapted paths, sorted, a line each. */
      readonly paths: string;
    };

export interface Model {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly cases: readonly Case[];
  /** Release of transformers that the judge ran. */
  readonly transformers: string;
  /** What the judge built: from the configuration alone, where nothing is said, or from a checkpoint with an own head. */
  readonly ties?: "config" | "checkpoint";
}

function described({ config, architecture, ties = "config" }: Model): JsonObject {
  return { config, ties, ...(architecture === null ? {} : { architecture }) };
}

export function readModels(name: string): readonly Model[] {
  const file = new URL(name, import.meta.url);
  const [head = "", ...lines] = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const { versions } = JSON.parse(head) as { versions: { transformers: string } };
  const { transformers } = versions;
  return lines.map((line): Model => ({ ...(JSON.parse(line) as Model), transformers }));
}

export function answer(model: Model, adapter: JsonObject | null): Result {
  return estimate({
    model: described(model),
    adapter,
    versions: { transformers: model.transformers },
  });
}

/** Adapted modules by pattern, as the judge writes them. */
function patternsOf(paths: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    const pattern = path.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");
    counts[pattern] = (counts[pattern] ?? 0) + 1;
  }
  return counts;
}

type Planned = { readonly plan: AdapterPlan } | { readonly problem: Problem };

/** One plan for counts and paths; the graph is built once per model. */
function planned(graph: ModuleGraph, { transformers }: Model, adapter: JsonObject): Planned {
  try {
    return { plan: planAdapter(graph, adapter, worldOf(transformers)) };
  } catch (error) {
    if (error instanceof InputError) return { problem: error.problem };
    throw error;
  }
}

function graphOf(model: Model): ModuleGraph {
  return buildGraph(describeModel(described(model), () => ({})), worldOf(model.transformers)).graph;
}

function worldOf(transformers: string): World {
  return chooseWorld(new Fields({ transformers }, "versions")).world;
}

function expand({ pattern, indices }: Site): readonly string[] {
  return indices.reduce<readonly string[]>(
    (paths, choices) =>
      paths.flatMap((path) => choices.map((index) => path.replace("*", String(index)))),
    [pattern],
  );
}

function digest(paths: readonly string[]): string {
  const text = [...paths].sort().join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const REFUSED = "any refusal";

/** Exceptions that no check of PEFT raises: it stumbles over the input, and what we say instead is ours to choose. */
function isAccident({ error, message }: Extract<Case, { readonly error: string }>): boolean {
  const isStumble = ["RuntimeError", "ZeroDivisionError", "StopIteration", "IndexError"];
  return isStumble.includes(error) && !message.includes("layer_replication")
    ? true
    : error === "KeyError" && message !== "None";
}

/** PEFT has copied the whole model by accident, or wrapped an embedding twice: its modules then have other paths. */
function isRewrapped(golden: Case): boolean {
  if (!("modules" in golden)) return false;
  const isTokens = golden.adapter["peft_type"] === "TRAINABLE_TOKENS";
  return Object.keys(golden.modules).some(
    (path) =>
      path.startsWith("base_model.modules_to_save") || (isTokens && path.endsWith(".base_layer")),
  );
}

/** What the two sides say about a case, in a form that reads well when they differ. */
function judged(golden: Case): unknown {
  if ("error" in golden) return { exception: isAccident(golden) ? REFUSED : golden.error };
  const { trainable, all, modules, paths } = golden;
  const line = formatTrainableLine(trainable, all);
  return isRewrapped(golden) ? { line } : { line, modules, paths };
}

function computed(graph: ModuleGraph, model: Model, golden: Case): unknown {
  const found = planned(graph, model, golden.adapter);
  if ("problem" in found) {
    // A refusal says where and what, in a sentence of its own.
    expect(found.problem.path).toMatch(/^adapter(?:\.\w+)*$/);
    expect(found.problem.message).toMatch(/^\S+ \S+ .*\S$/);
    for (const part of [found.problem.expected].flat()) expect(part).not.toBe("");
    const facts: CodeFacts = PROBLEM_CODES[found.problem.code];
    if (!("error" in golden)) return { refused: found.problem.message };
    return { exception: isAccident(golden) ? REFUSED : facts.exception };
  }
  const { trainable, all, modules } = found.plan;
  const line = formatTrainableLine(trainable, all);
  if (isRewrapped(golden)) return { line };
  const paths = modules.flatMap(({ site }) => expand(site));
  return {
    line,
    modules: patternsOf(paths),
    paths: digest(paths),
  };
}

/** Every case by its plan; the first and the last by the whole pipeline, too. */
export function compare(model: Model): void {
  const graph = graphOf(model);
  for (const golden of model.cases) {
    const { adapter } = golden;
    expect({ adapter, answer: computed(graph, model, golden) }).toEqual({
      adapter,
      answer: judged(golden),
    });
  }
  for (const golden of [model.cases[0], model.cases.at(-1)]) {
    if (golden === undefined || !("trainable" in golden)) continue;
    const result = answer(model, golden.adapter);
    const { trainable, all } = golden;
    expect(isRefusal(result) ? result.error : result.parameters).toMatchObject({ trainable, all });
  }
}
