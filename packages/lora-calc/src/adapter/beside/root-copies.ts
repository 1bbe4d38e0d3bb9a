/** Names in `modules_to_save` that hit the wrappers around the model: PEFT then copies the adapted model as a whole. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { subtreeParameterCount } from "./copy-modules.js";
import { HEADS_BY_TASK } from "../plan/task-type.js";
import type { TaskType } from "../plan/task-type.js";

/** Copies of the whole adapted model. */
export interface RootCopies {
  readonly count: number;
  /** How many of them are trained; the one that a second copy was made of is frozen. */
  readonly trained: number;
}

/** Modules of the wrapper itself, in the order PEFT looks at them. */
const WRAPPERS = ["base_model", "base_model.model"];

/**
 * Wrappers of tasks with a head look for `modules_to_save`, and for the heads they add, from outside, where a name such as
 * `model` also hits the adapted model: it is copied once per hit. A later hit two levels below a copy counts as one of that
 * copy, which is trained again.
 *
 * Source: peft peft_model.py `PeftModelForSequenceClassification.__init__` and its kin, utils/other.py `_set_trainable`.
 */
export function rootCopies(
  graph: ModuleGraph,
  modulesToSave: readonly string[],
  taskType: TaskType | undefined,
): RootCopies | undefined {
  const heads = taskType === undefined ? undefined : HEADS_BY_TASK[taskType];
  if (heads === undefined) return undefined;
  const endsIn = (names: readonly string[], path: string): boolean =>
    names.some((name) => path.endsWith(name));
  const [base, model] = WRAPPERS.map((path) => endsIn(modulesToSave, path));
  if (base !== true && model !== true) return undefined;
  const count = base === true && model === true ? 2 : 1;
  const isAtDepth = (names: readonly string[], holds: (depth: number) => boolean): boolean =>
    sitesOf(graph).some(
      (site) =>
        site.path !== "" &&
        holds(site.path.split(".").length) &&
        endsIn(names, site.path) &&
        subtreeParameterCount(site) > 0,
    );
  // What the adapter's own configuration names was wrapped before; a head that only the wrapper of the task adds is not.
  const added = taskType === "SEQ_CLS" ? [] : heads;
  if (base !== true || isAtDepth(added, (depth) => depth > count)) rejectRoot(modulesToSave);
  const isTrainedAgain = isAtDepth([...modulesToSave, ...heads], (depth) => depth === 1);
  return { count, trained: count === 1 || isTrainedAgain ? count : 1 };
}

function rejectRoot(modulesToSave: readonly string[]): never {
  reject({
    code: "unsupported",
    path: "adapter.modules_to_save",
    message: `modules_to_save ${modulesToSave.join(", ")} hits the wrapper of the model, of which PEFT copies parts by accident; name the modules that are meant`,
    received: modulesToSave,
  });
}
