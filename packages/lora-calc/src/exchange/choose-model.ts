/** A model brings its tasks, and the one it is usually fine-tuned for. Knows the catalogue, which choosing a task does without. */

import { knownModel } from "../catalogue/models.js";
import { readModel } from "../graph/read-model.js";
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
  try {
    return readModel(new Fields(scenario, "")).graph.classOfTask ?? {};
  } catch (error) {
    if (error instanceof InputError) return {};
    throw error;
  }
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
 * The scenario for another model by its name: a task that came with the old one goes with it, and that of the new one comes.
 *
 * Example: withModel({ model: "gpt2", adapter: { r: 8 } }, "bert-base-uncased").adapter?.task_type // "SEQ_CLS"
 */
export function withModel(scenario: Scenario, name: string): Scenario {
  const { model, adapter } = scenario;
  const old = typeof model === "string" ? undefined : model["id"];
  const task = typeof old === "string" ? knownModel(old)?.task : undefined;
  if (task === undefined || adapter?.task_type !== task) {
    return withUsualTask({ ...scenario, model: name });
  }
  const others = Object.entries(adapter).filter(([field]) => field !== "task_type");
  return withUsualTask({ ...scenario, model: name, adapter: Object.fromEntries(others) });
}
