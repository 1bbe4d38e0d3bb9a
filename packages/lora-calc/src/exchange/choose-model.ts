/** A model brings its tasks, and the one it is usually fine-tuned for. Knows the catalogue, which choosing a task does without. */

import { knownModel } from "../catalogue/models.js";
import { readModel } from "../graph/read-model.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { sitesOf } from "../graph/tree/sites.js";
import { InputError } from "../problem/problem.js";
import { Fields } from "../problem/fields.js";
import type { Scenario } from "../scenario.js";
import { withTask } from "./choose-task.js";

/**
 * The class that each task of PEFT builds for a scenario's model; empty when the model cannot be read.
 *
 * Example: taskClasses({ model: "gpt2" }).SEQ_CLS // "GPT2ForSequenceClassification"
 */
export function taskClasses(scenario: Scenario): Readonly<Record<string, string>> {
  return readGraph(scenario)?.classOfTask ?? {};
}

/**
 * The scenario for what its model is usually fine-tuned for, where the catalogue names that (BERT, whose published class is
 * for pre-training) and the scenario names neither task nor class.
 *
 * Example: withUsualTask({ model: "bert-base-uncased", adapter: { r: 8 } }).adapter?.task_type // "SEQ_CLS"
 */
export function withUsualTask(scenario: Scenario): Scenario {
  const { model, adapter } = scenario;
  const name = typeof model === "string" ? model : undefined;
  const task = name === undefined ? undefined : knownModel(name)?.task;
  if (task === undefined || adapter === null || (adapter?.task_type ?? null) !== null) {
    return scenario;
  }
  return withTask(scenario, task, taskClasses(scenario)[task]);
}

/**
 * The scenario without the modules that "all-linear" reaches though LoRA stops at them: projections whose weight the model
 * uses directly (Mamba), routers that give more than one tensor (Llama 4), products per group (DeepSeek-V4). What names modules to leave out stays as it is.
 *
 * Example: withUsualTargets({ model: "nvidia/NVIDIA-Nemotron-Nano-9B-v2", adapter: { target_modules: "all-linear" } }).adapter?.exclude_modules // ["out_proj", "conv1d"]
 */
export function withUsualTargets(scenario: Scenario): Scenario {
  const { adapter } = scenario;
  if (adapter?.target_modules !== "all-linear" || (adapter.exclude_modules ?? null) !== null) {
    return scenario;
  }
  const names = stoppingNames(readGraph(scenario));
  return names.length === 0
    ? scenario
    : { ...scenario, adapter: { ...adapter, exclude_modules: names } };
}

/** Layers that PEFT takes for linear ones, and whose output its own layer cannot add to. */
const STOPS_LORA: ReadonlySet<string | undefined> = new Set(["choosing_linear", "grouped_linear"]);

function stoppingNames(graph: ModuleGraph | undefined): readonly string[] {
  if (graph === undefined) return [];
  const stopping = sitesOf(graph).filter(({ node }) => STOPS_LORA.has(node.forward?.kind));
  return [
    ...new Set([...(graph.incompatibleNames ?? []), ...stopping.map(({ node }) => node.name)]),
  ];
}

/**
 * The scenario for another model by its name: a task that came with the old one goes with it, and that of the new one comes.
 * Generating text is what a scenario says when nothing was chosen (every worked example does), so it goes, too, where the
 * new one's published class cannot: BERT, models that embed texts.
 *
 * Example: withModel({ model: "gpt2", adapter: { r: 8 } }, "bert-base-uncased").adapter?.task_type // "SEQ_CLS"
 */
export function withModel(scenario: Scenario, name: string): Scenario {
  const old = scenario.model;
  const id = typeof old === "string" ? undefined : old["id"];
  const brought = typeof id === "string" ? knownModel(id)?.task : undefined;
  const chosen = { ...withoutUsualExcludes(scenario), model: name };
  const task = scenario.adapter?.task_type ?? undefined;
  const goes =
    task !== undefined && (task === brought || (task === "CAUSAL_LM" && !canGenerate(name)));
  return withUsualTargets(withUsualTask(goes ? withoutTask(chosen) : chosen));
}

/** Modules that were left out for the old model go with it. */
function withoutUsualExcludes(scenario: Scenario): Scenario {
  const { adapter } = scenario;
  const excluded = adapter?.exclude_modules ?? null;
  if (!adapter || excluded === null) return scenario;
  const names = stoppingNames(readGraph(scenario));
  if (names.length === 0 || String(excluded) !== String(names)) return scenario;
  const fields = Object.entries(adapter).filter(([field]) => field !== "exclude_modules");
  return { ...scenario, adapter: Object.fromEntries(fields) };
}

/** Whether the class that a model was published as generates text; a model that cannot be read is taken to. */
function canGenerate(model: string): boolean {
  const graph = readGraph({ model });
  const { CAUSAL_LM, SEQ_2_SEQ_LM } = graph?.classOfTask ?? {};
  return graph === undefined || graph.className === CAUSAL_LM || graph.className === SEQ_2_SEQ_LM;
}

function withoutTask(scenario: Scenario): Scenario {
  const fields = Object.entries(scenario.adapter ?? {}).filter(([field]) => field !== "task_type");
  return { ...scenario, adapter: Object.fromEntries(fields) };
}

function readGraph(scenario: Scenario): ModuleGraph | undefined {
  try {
    return readModel(new Fields(scenario, "")).graph;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
