/** A configuration that names no size: the answer is exact, and of another model than the one it was meant for. */

import type { Assumption } from "../model/config.js";
import type { ModelDescription } from "../model/description.js";
import type { Warning } from "../problem/codes.js";
import { formatCount } from "../units/format.js";

/** Sizes that are said; a class has many more. */
const TELLING = /\.(hidden_size|d_model|n_embd|num_hidden_layers|num_layers|n_layer|vocab_size)$/;

/** A warning when every size comes from the class's defaults. */
export function defaultSizeWarnings(
  description: ModelDescription,
  assumed: readonly Assumption[],
): readonly Warning[] {
  if (description.kind !== "config" || description.id !== undefined) return [];
  const { config, modelType } = description;
  if (Object.entries(config).some(([name, value]) => !name.endsWith("_id") && holdsSize(value))) {
    return [];
  }
  const sizes = assumed.flatMap(({ path, value }) =>
    TELLING.test(path) && typeof value === "number"
      ? [`${path.slice(path.lastIndexOf(".") + 1)} ${formatCount(value)}`]
      : [],
  );
  if (sizes.length === 0) return [];
  return [
    {
      code: "default_sizes",
      message: `the config.json names no size, so all are transformers' defaults of ${modelType} (${sizes.join(", ")}); bring the whole file of your model`,
    },
  ];
}

function holdsSize(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsSize);
  return typeof value === "number";
}
