/** From a model and an adapter configuration to everything the adapter adds, copies and unfreezes. */

import type { ModuleGraph } from "../graph/module-graph.js";
import { parameterCount } from "../graph/sites.js";
import { Fields, suggestion } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { planLora } from "./lora/plan-lora.js";
import type { AdapterPlan } from "./plan.js";

/** Versions whose rules differ. */
export interface LibraryVersions {
  readonly peft: string;
  readonly transformers: string;
}

type Plan = (graph: ModuleGraph, adapter: Fields, versions: LibraryVersions) => AdapterPlan;

const METHODS: Readonly<Record<string, Plan>> = { LORA: planLora };

/** PEFT methods that are counted, by their `peft_type`. Example: listMethods()[0] // "LORA" */
export function listMethods(): readonly string[] {
  return Object.keys(METHODS);
}

/**
 * What PEFT makes of a model and the content of adapter_config.json; null is full fine-tuning.
 *
 * Unit of the totals: parameters, exact: what `get_nb_trainable_parameters()` returns.
 * Source: peft@0.21.0 mapping_func.py `get_peft_model`.
 */
export function planAdapter(
  graph: ModuleGraph,
  adapter: JsonObject | null,
  versions: LibraryVersions,
): AdapterPlan {
  if (adapter === null) return fullFineTuning(graph);
  const fields = new Fields(adapter, "adapter");
  const peftType = fields.string("peft_type") ?? "LORA";
  const plan = Object.hasOwn(METHODS, peftType) ? METHODS[peftType] : undefined;
  if (plan === undefined) rejectPeftType(peftType);
  return plan(graph, fields, versions);
}

function fullFineTuning(graph: ModuleGraph): AdapterPlan {
  const base = parameterCount(graph);
  return {
    peftType: "NONE",
    modules: [],
    copies: [],
    unfrozen: [],
    modelTensors: [],
    trainable: base,
    all: base,
    warnings: [],
  };
}

function rejectPeftType(peftType: string): never {
  const known = Object.keys(METHODS);
  reject({
    code: "unknown_peft_type",
    path: "adapter.peft_type",
    message: `adapter.peft_type ${peftType} is not known${suggestion(peftType, known)}`,
    received: peftType,
    expected: known,
  });
}
