/** Adapters that PEFT saved (conformance/published.py), and the comparison with what we count and expect in the file. */

import { expect } from "vitest";
import { adapterFileBytes, isFileKnown } from "../../src/adapter/saved/file-bytes.js";
import type { AdapterPlan } from "../../src/adapter/plan/plan.js";
import { withTrainedRanks } from "../../src/adapter/methods/adalora.js";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { fileTensors } from "../../src/adapter/saved/saved-tensors.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import type { ModuleGraph } from "../../src/graph/tree/module-graph.js";
import { describeModel } from "../../src/model/description.js";
import { InputError } from "../../src/problem/problem.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isDtype } from "../../src/units/dtype.js";
import { readGoldens } from "./goldens.js";
import { USUAL_WORLD } from "../../src/worlds/index.js";

interface Counts {
  readonly trainable: number;
  readonly all: number;
}

export interface PublishedCase {
  readonly adapter: JsonObject;
  readonly created: Counts;
  readonly loaded: Counts | { readonly error: string };
  readonly bytes: number;
  readonly tensors: Readonly<Record<string, readonly [string, ...number[]]>>;
}

export interface PublishedModel {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly dtype: string;
  readonly cases: readonly PublishedCase[];
}

const [, ...rows] = readGoldens("published.jsonl.gz") as [unknown, ...PublishedModel[]];

export function headerOf(tensors: PublishedCase["tensors"]): JsonObject {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => [name, { dtype, shape }]),
  );
}

export const published: readonly PublishedModel[] = rows;

const PROMPTS = ["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING"];

/** PEFT cannot train a loaded prompt and leaves the network behind it out: what it counted before is comparable. */
function judged({ adapter, created, loaded }: PublishedCase): Counts | { readonly error: string } {
  const isPrompt = [...PROMPTS, "CARTRIDGE", "CPT"].includes(String(adapter["peft_type"]));
  return isPrompt ? created : loaded;
}

export function planOf(graph: ModuleGraph, { adapter }: PublishedCase): AdapterPlan | undefined {
  try {
    return planAdapter(graph, adapter, USUAL_WORLD);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

export function graphOf({ config, architecture }: PublishedModel): ModuleGraph {
  const model = architecture === null ? { config } : { config, architecture };
  return buildGraph(describeModel(model, () => ({})), USUAL_WORLD).graph;
}

/** After loading. */
export function comparePublishedCounts(model: PublishedModel): void {
  const graph = graphOf(model);
  for (const golden of model.cases) {
    const expected = judged(golden);
    if ("error" in expected) continue;
    const planned = planOf(graph, golden);
    const moves = planned !== undefined && model.dtype !== "float32";
    const plan = moves ? withTrainedRanks(planned) : planned;
    // A P-tuning whose encoder PEFT would refuse to train again is loaded without it.
    if (plan === undefined && golden.adapter["peft_type"] === "P_TUNING") continue;
    const { adapter } = golden;
    const counts = plan === undefined ? "refused" : { trainable: plan.trainable, all: plan.all };
    expect({ adapter, counts }).toEqual({ adapter, counts: expected });
  }
}

/** Names, shapes, and the size of the file. */
export function comparePublishedFile(model: PublishedModel): void {
  const graph = graphOf(model);
  const { dtype } = model;
  if (!isDtype(dtype)) throw new Error(dtype);
  for (const golden of model.cases) {
    const plan = planOf(graph, golden);
    if (plan === undefined || "error" in golden.loaded || !isFileKnown(plan)) continue;
    const tensors = Object.fromEntries(
      Array.from(fileTensors(plan, { base: dtype }), ([name, { shape }]) => [name, shape]),
    );
    const { adapter } = golden;
    expect({ adapter, tensors, bytes: adapterFileBytes(plan, { base: dtype }) }).toEqual({
      adapter,
      tensors: Object.fromEntries(
        Object.entries(golden.tensors).map(([name, [, ...shape]]) => [name, shape]),
      ),
      bytes: golden.bytes,
    });
  }
}
