/** What `save_pretrained` writes into adapter_model.safetensors. */

import type { ModuleNode } from "../graph/module-graph.js";
import { isRepeat } from "../graph/module-graph.js";
import type { Site } from "../graph/sites.js";
import type { Dtype } from "../units/dtype.js";
import type { AdapterPlan, AdapterTensor } from "./plan.js";

/** One tensor of the file, or the same one of every repeated layer. */
export interface SavedTensor {
  /** Key in the file with `*` for repeated indices. */
  readonly pattern: string;
  /** Indices behind each `*`. */
  readonly indices: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

const PREFIX = "base_model.model.";

/**
 * Adapter tensors are fp32 whatever the base is loaded in; copies and trained biases keep the dtype of the base. Names
 * lose the name of the adapter.
 *
 * Source: peft@0.21.0 utils/save_and_load.py `get_peft_model_state_dict`.
 */
export function savedTensors(plan: AdapterPlan, baseDtype: Dtype): readonly SavedTensor[] {
  return [
    ...plan.modules.flatMap(({ site, tensors }) =>
      tensors
        .filter((tensor) => tensor.isSaved !== false)
        .map((tensor) => saved(site, savedName(tensor), tensor.shape, "float32")),
    ),
    ...plan.modelTensors
      .filter((tensor) => tensor.isSaved !== false)
      .map(({ name, shape }) => ({ pattern: name, indices: [], shape, dtype: "float32" as const })),
    ...plan.copies.flatMap(({ site }) => subtreeTensors(site, site.node, "", baseDtype)),
    ...plan.unfrozen.map(({ site, name, elements }) =>
      saved(site, isAdapted(plan, site) ? `base_layer.${name}` : name, [elements], baseDtype),
    ),
    ...(plan.savedBases ?? []).flatMap((site) =>
      site.node.parameters.map(({ name, shape }) =>
        saved(site, `base_layer.${name}`, shape, baseDtype),
      ),
    ),
  ];
}

function saved(
  { pattern, indices }: Pick<Site, "pattern" | "indices">,
  name: string,
  shape: readonly number[],
  dtype: Dtype,
): SavedTensor {
  const path = pattern === "" ? name : `${pattern}.${name}`;
  return { pattern: `${PREFIX}${path}`, indices, shape, dtype };
}

/** `lora_A.default.weight` is saved as `lora_A.weight`; the magnitude of DoRA keeps its old name without `weight`. */
function savedName({ name }: AdapterTensor): string {
  return name
    .replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector")
    .replace(".default", "");
}

function isAdapted(plan: AdapterPlan, site: Site): boolean {
  return plan.modules.some((module) => module.site.pattern === site.pattern);
}

/** Parameters and persistent buffers of a copied module and everything below it. */
function subtreeTensors(
  site: Pick<Site, "pattern" | "indices">,
  node: ModuleNode,
  below: string,
  dtype: Dtype,
): readonly SavedTensor[] {
  const own = node.parameters.map((parameter) =>
    saved(site, `${below}${parameter.name}`, parameter.shape, parameter.dtype ?? dtype),
  );
  const inner = node.children.flatMap((child) =>
    isRepeat(child)
      ? subtreeTensors(
          { ...site, indices: [...site.indices, child.indices] },
          child.element,
          `${below}*.`,
          dtype,
        )
      : subtreeTensors(site, child, `${below}${child.name}.`, dtype),
  );
  return [...own, ...inner];
}
