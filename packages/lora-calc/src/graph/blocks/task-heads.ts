/** What the heads of all kinds of models share: how many classes, and which class names there are. */

import type { Config } from "../../model/config.js";
import { nearestName } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** Number of classes of a classification head: `num_labels`, or the size of `id2label`, or transformers' default 2. */
export function labelCount(config: Config, fallback = 2): number {
  const labels = config.fields.get("id2label");
  const named = typeof labels === "object" && labels !== null ? Object.keys(labels).length : 0;
  return config.optionalSize("num_labels") ?? (named || fallback);
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
