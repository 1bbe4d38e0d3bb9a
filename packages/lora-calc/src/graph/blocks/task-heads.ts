/** What the heads of all kinds of models share: how many classes, and which class names there are. */

import type { Config } from "../../model/config.js";
import type { LabelLoss } from "../tree/head-forward.js";
import { nearestName } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** Number of classes of a classification head: `num_labels`, or the size of `id2label`, or transformers' default 2. */
export function labelCount(config: Config, fallback = 2): number {
  const labels = config.fields.get("id2label");
  const named = typeof labels === "object" && labels !== null ? Object.keys(labels).length : 0;
  return config.optionalSize("num_labels") ?? (named || fallback);
}

/**
 * What a label of a sequence is compared by, where that has a program: one class of several, or one number; not several
 * classes or numbers at a time.
 */
export function labelLoss(config: Config): LabelLoss | undefined {
  const count = labelCount(config);
  const usual = count === 1 ? "regression" : "single_label_classification";
  const problem = config.string("problem_type", usual);
  if (problem === "regression") return count === 1 ? "number" : undefined;
  return problem === "single_label_classification" && count > 1 ? "classes" : undefined;
}

/** Stops at a class that a model_type does not have here. */
export function rejectClass(modelType: string, className: string, known: readonly string[]): never {
  const near = nearestName(className, known);
  reject({
    code: "unknown_architecture",
    path: "model.architecture",
    message:
      `${className} is not a class this calculator knows for model_type ${modelType}` +
      (near === undefined ? `; use one of ${known.join(", ")}` : ` (did you mean ${near}?)`),
    received: className,
    expected: known,
  });
}
