/** What `target_modules: "all-linear"` stands for. */

import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { CLASSIFIER_NAMES } from "../plan/task-type.js";
import type { TaskType } from "../plan/task-type.js";

/** `nn.Linear` and transformers' Conv1D, whatever the subclass. */
export function isLinear({ layer }: ModuleNode): boolean {
  return layer?.kind === "linear" || layer?.kind === "hf_conv1d";
}

/**
 * Path of the module that "all-linear" leaves out: the output embedding; in a model without one, for SEQ_CLS only, the
 * classification head.
 *
 * Source: peft tuners/tuners_utils.py `_maybe_include_all_linear_layers`.
 */
export function headOutsideAllLinear(
  graph: ModuleGraph,
  taskType: TaskType | undefined,
): string | undefined {
  if (graph.outputEmbedding !== undefined) return graph.outputEmbedding;
  if (taskType !== "SEQ_CLS") return undefined;
  const names = graph.root.children.map((child) => (isRepeat(child) ? "" : child.name));
  return CLASSIFIER_NAMES.find((name) => names.includes(name));
}
