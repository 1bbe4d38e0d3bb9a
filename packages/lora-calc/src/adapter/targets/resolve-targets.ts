/** Targets that depend on the model: defaults per model_type, and names that only serve the matching. */

import { defaultTargets } from "../../catalogue/default-targets.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { reject } from "../../problem/problem.js";
import { listNames, patternNames } from "./module-names.js";
import type { ModuleNames } from "./module-names.js";
import type { Targeting } from "./targeting.js";
import { HEADS_BY_TASK } from "../plan/task-type.js";
import type { TaskType } from "../plan/task-type.js";

export interface TargetContext {
  readonly taskType: TaskType | undefined;
  /** What a method targets where PEFT has no default. */
  readonly otherwise?: "all-linear" | undefined;
}

/**
 * The targeting with defaults filled in and, for SEQ_CLS, the heads among the modules that are not adapted. Heads of
 * other tasks join only after the adapter sits, so they can collide with it.
 *
 * Source: peft tuners/lora/model.py `_prepare_adapter_config`, peft_model.py `PeftModelForSequenceClassification`.
 */
export function resolveTargets(
  graph: ModuleGraph,
  targeting: Targeting,
  peftType: string,
  { taskType, otherwise }: TargetContext,
): Targeting {
  const targets = targeting.targets ?? targetsByDefault(graph, targeting, peftType, otherwise);
  const heads = taskType === "SEQ_CLS" ? (HEADS_BY_TASK.SEQ_CLS ?? []) : [];
  const modulesToSave = [...(targeting.modulesToSave ?? []), ...heads];
  return { ...targeting, targets, modulesToSave };
}

function targetsByDefault(
  graph: ModuleGraph,
  { targetParameters }: Targeting,
  peftType: string,
  otherwise: TargetContext["otherwise"],
): ModuleNames | undefined {
  const found = defaultTargets(peftType, graph.modelType);
  if (typeof found === "string") return patternNames(found, "adapter.target_modules");
  if (found !== undefined) return listNames(found);
  if (otherwise !== undefined) return { kind: "all_linear" };
  if (targetParameters !== undefined && targetParameters.length > 0) return undefined;
  reject({
    code: "missing_target_modules",
    path: "adapter.target_modules",
    message: `PEFT has no default target_modules of ${peftType} for model_type ${graph.modelType}; name modules or use "all-linear"`,
    expected: 'list of names, regular expression, or "all-linear"',
  });
}
