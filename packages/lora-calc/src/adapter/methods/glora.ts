/** GLoRA: five additions to weight, input and bias, each a product, a vector, a number or nothing. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import type { AdapterTensor } from "../plan/plan.js";
import { rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { trained } from "./tensors.js";

type Support = "lora" | "vector" | "constant" | "none";

/**
 *     A and B each: lora r · (in + out), vector out, constant 1, none 0
 *     with a bias, C: lora r · (in + 1), vector in; D and E each: vector out, constant 1
 *
 * Source: peft tuners/glora/layer.py `update_layer`.
 */
export const glora: LayerMethod = {
  peftType: "GLORA",
  configClass: "GloraConfig",
  formula: "2r · (in + out) per layer, and more where it has a bias",
  fields: adapterFields(
    ["r", "target_modules", "bias", "modules_to_save", "config_A_B", "config_C"],
    ["config_D_E", "init_weights"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: false,
  others: "unsupported_target_module",
  read: (adapter) => {
    const rank = adapter.integer("r", { min: 0 }) ?? 8;
    const ofWeight = support(adapter, "config_A_B", "lora", [
      ...["lora", "vector", "constant", "none"],
    ]);
    const ofInput = support(adapter, "config_C", "lora", ["lora", "vector", "none"]);
    const ofBias = support(adapter, "config_D_E", "constant", ["vector", "constant", "none"]);
    return {
      linear: (inFeatures, outFeatures, { node }) => {
        const hasBias = node.parameters.some(({ name }) => name === "bias");
        const path = (letter: string, kind: Support, columns: number, rows: number) =>
          pathTensors(`glora_${letter}.default`, kind, { rank, columns, rows });
        return [
          ...path("A", ofWeight, inFeatures, outFeatures),
          ...path("B", ofWeight, inFeatures, outFeatures),
          ...(hasBias ? path("C", ofInput, 1, inFeatures) : []),
          ...(hasBias ? path("D", ofBias, 1, outFeatures) : []),
          ...(hasBias ? path("E", ofBias, 1, outFeatures) : []),
        ];
      },
    };
  },
};

interface Widths {
  readonly rank: number;
  readonly columns: number;
  readonly rows: number;
}

function pathTensors(
  name: string,
  kind: Support,
  { rank, columns, rows }: Widths,
): readonly AdapterTensor[] {
  switch (kind) {
    case "lora":
      return [trained(`${name}.Xd`, rows, rank), trained(`${name}.Xu`, rank, columns)];
    case "vector":
      return [trained(`${name}.vector`, rows)];
    case "constant":
      return [trained(`${name}.scalar`, 1)];
    case "none":
      return [];
  }
}

function support(
  adapter: Fields,
  field: string,
  fallback: Support,
  allowed: readonly string[],
): Support {
  const given = adapter.string(field) ?? fallback;
  const isAllowed = (value: string): value is Support => allowed.includes(value);
  return isAllowed(given)
    ? given
    : rejectOption(adapter, field, `must be one of ${allowed.join(", ")}`);
}
