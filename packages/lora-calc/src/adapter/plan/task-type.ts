/** The task of the model: it decides which heads are trained in full beside the adapter. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Warning } from "../../problem/codes.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

const TASK_TYPES = [
  "SEQ_CLS",
  "SEQ_2_SEQ_LM",
  "CAUSAL_LM",
  "TOKEN_CLS",
  "QUESTION_ANS",
  "FEATURE_EXTRACTION",
] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** Source: peft config.py `PeftConfigMixin.__post_init__`. */
export function readTaskType(adapter: Fields): TaskType | undefined {
  const given = adapter.string("task_type");
  const known = TASK_TYPES.find((task) => task === given);
  if (given === undefined || known !== undefined) return known;
  reject({
    code: "invalid_value",
    path: adapter.at("task_type"),
    message: `${adapter.at("task_type")} must be one of ${TASK_TYPES.join(", ")}`,
    received: given,
    expected: TASK_TYPES,
  });
}

/**
 * Wrappers of these tasks read the `modules_to_save` of the configuration; methods that have none stop there.
 * Source: peft peft_model.py `PeftModelForTokenClassification.__init__`, `PeftModelForQuestionAnswering.__init__`.
 */
export function rejectTaskWithHead(adapter: Fields, taskType: TaskType | undefined): void {
  if (taskType !== "TOKEN_CLS" && taskType !== "QUESTION_ANS") return;
  reject({
    code: "invalid_adapter_type",
    path: adapter.at("task_type"),
    message: `${taskType} needs a method with modules_to_save for its head`,
    received: taskType,
  });
}

/** Names of the heads of sequence classification, tried in this order. */
export const CLASSIFIER_NAMES: readonly string[] = ["score", "classifier"];

/** Heads that PEFT adds to `modules_to_save`. Source: peft peft_model.py `PeftModelFor…`. */
export const HEADS_BY_TASK: Readonly<Partial<Record<TaskType, readonly string[]>>> = {
  SEQ_CLS: ["classifier", "score"],
  TOKEN_CLS: ["classifier", "score"],
  QUESTION_ANS: ["qa_outputs"],
};

/** Tasks whose class differs from the one that generates. */
const TASKS_OF_HEADS: readonly string[] = [...Object.keys(HEADS_BY_TASK), "FEATURE_EXTRACTION"];

/**
 * PEFT wraps any class for any task: a causal language model under SEQ_CLS keeps its head over the vocabulary, and the one
 * for labels is not there. Says so where the model_type has a class for the task.
 */
export function taskClassWarnings(
  { className, classOfTask = {} }: ModuleGraph,
  adapter: Fields,
): readonly Warning[] {
  const task = adapter.string("task_type");
  const hasHead = task !== undefined && TASKS_OF_HEADS.includes(task);
  const ofTask = hasHead ? classOfTask[task] : undefined;
  if (ofTask === undefined || ofTask === className) return [];
  return [
    {
      code: "task_class",
      message: `task_type ${task} is for ${ofTask}, and the model is ${className}: counts and memory are of that class and its loss; for the other set model.architecture to ${ofTask}`,
    },
  ];
}
