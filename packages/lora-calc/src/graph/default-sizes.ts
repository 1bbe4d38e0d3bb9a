/** A configuration that names no size: the answer is exact, and of another model than the one it was meant for. */

import type { Assumption } from "../model/config.js";
import type { ModelDescription } from "../model/description.js";
import type { Warning } from "../problem/codes.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { formatCount } from "../units/format.js";

/** Names by which configurations give sizes: hidden_size, num_hidden_layers, d_model, n_embd, depths, … */
const SIZE =
  /(?:_size|_layers?|_blocks|_heads?|_dims?|_experts|channels|depths|layer_types)$|^[dn]_/;
/** Sizes that are said first; a class has many more. */
const TELLING = /^(?:hidden_size|d_model|n_embd|num_hidden_layers|num_layers|n_layer|vocab_size)$/;
/** More are a list and no sentence. */
const MOST = 3;

/** A warning when every size comes from the class's defaults. */
export function defaultSizeWarnings(
  description: ModelDescription,
  assumed: readonly Assumption[],
): readonly Warning[] {
  if (description.kind !== "config" || description.id !== undefined) return [];
  const { config, modelType } = description;
  if (holdsSize(config)) return [];
  const sizes = assumed.flatMap(({ path, value }) => {
    const name = path.slice(path.lastIndexOf(".") + 1);
    return typeof value === "number" ? [{ name, value }] : [];
  });
  const said = [...sizes]
    .sort((left, right) => Number(TELLING.test(right.name)) - Number(TELLING.test(left.name)))
    .slice(0, MOST)
    .map(({ name, value }) => `${name} ${formatCount(value)}`);
  const which = said.length === 0 ? "" : ` (${said.join(", ")})`;
  return [
    {
      code: "default_sizes",
      message: `the config.json names no size, so all are transformers' defaults of ${modelType}${which}; bring the whole file of your model`,
    },
  ];
}

function holdsSize(config: JsonObject): boolean {
  return Object.entries(config).some(([name, value]) =>
    isObject(value)
      ? holdsSize(value)
      : SIZE.test(name) && (Array.isArray(value) || Number(value) > 0),
  );
}
