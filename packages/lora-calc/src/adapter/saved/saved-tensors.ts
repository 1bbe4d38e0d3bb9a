/** What `save_pretrained` writes into adapter_model.safetensors. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { pathsOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { Dtype } from "../../units/dtype.js";
import type { AdapterPlan, AdapterTensor, UnfrozenParameter } from "../plan/plan.js";

/** One tensor of the file, or the same one of every repeated layer. */
export interface SavedTensor {
  /** Key in the file with `*` for repeated indices. */
  readonly pattern: string;
  /** Indices behind each `*`. */
  readonly indices: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** dtypes of a run that the file keeps. */
export interface SavedDtypes {
  /** Of the base's plain weights while it trains: as loaded, or float32 after k-bit preparation. */
  readonly base: Dtype;
  /** Of everything that trains, where the stack casts it; else adapters are float32 and copies have the base's. */
  readonly trained?: Dtype;
  /** Of DoRA's magnitudes, where the stack leaves them out of that cast. */
  readonly magnitude?: Dtype;
}

/** Prompts stand beside the model, everything else lies in a wrapper more. */
const PREFIX = "base_model.model.";
const PROMPT_PREFIX = "base_model.";

/**
 * Adapter tensors are fp32 whatever the base is loaded in, and copies and trained biases keep the dtype of the base, unless
 * the stack casts what trains (TRL on a quantized base). Frozen projections stay fp32. Names lose the name of the adapter.
 *
 * Source: peft utils/save_and_load.py `get_peft_model_state_dict`.
 */
export function savedTensors(plan: AdapterPlan, dtypes: SavedDtypes): readonly SavedTensor[] {
  const { base, trained } = dtypes;
  const adapterDtype = ({ name, trainable, isBuffer }: AdapterTensor): Dtype => {
    if (!trainable || isBuffer === true) return "float32";
    const own = name.startsWith("lora_magnitude_vector") ? dtypes.magnitude : undefined;
    return own ?? trained ?? "float32";
  };
  return [
    ...plan.modules.flatMap(({ site, tensors }) =>
      tensors
        .filter((tensor) => tensor.isSaved !== false)
        .map((tensor) => saved(site, savedName(tensor), tensor.shape, adapterDtype(tensor))),
    ),
    ...plan.modelTensors
      .filter((tensor) => tensor.isSaved !== false)
      .map((tensor) => ofModel(modelName(tensor.name), tensor.shape, adapterDtype(tensor))),
    ...(plan.savedPrompt === undefined
      ? []
      : [ofModel("prompt_embeddings", plan.savedPrompt, trained ?? "float32")]),
    ...(plan.tokens ?? []).map(({ site, tokens, dim }) =>
      saved(site, "token_adapter.trainable_tokens_delta", [tokens, dim], trained ?? "float32"),
    ),
    ...plan.copies
      .flatMap(({ site }) => subtreeTensors(site, site.node, "", dtypes))
      .map((tensor) => (plan.savedPrompt === undefined ? tensor : besidePrompt(tensor))),
    ...plan.unfrozen.flatMap((parameter) => unfrozenTensors(plan, parameter, trained ?? base)),
    ...(plan.savedBases ?? []).flatMap((site) =>
      site.node.parameters.map(({ name, shape }) => saved(site, `base_layer.${name}`, shape, base)),
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

function besidePrompt(tensor: SavedTensor): SavedTensor {
  return { ...tensor, pattern: PROMPT_PREFIX + tensor.pattern.slice(PREFIX.length) };
}

function ofModel(pattern: string, shape: readonly number[], dtype: Dtype): SavedTensor {
  return { pattern, indices: [], shape, dtype };
}

/** What an encoder of prompts holds is saved without its path; what all layers share, below the wrapper. */
function modelName(name: string): string {
  const encoder = "prompt_encoder.default.";
  if (name.startsWith(encoder)) return name.slice(encoder.length);
  return `base_model.${name.replace(".default", "")}`;
}

/** `lora_A.default.weight` is saved as `lora_A.weight`; the magnitude of DoRA keeps its old name without `weight`. */
function savedName({ name }: AdapterTensor): string {
  return name
    .replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector")
    .replace(".default", "");
}

/** A trained bias, which lies one step deeper where its module is adapted, and is saved with the base of an embedding. */
function unfrozenTensors(
  plan: AdapterPlan,
  { site, name, elements }: UnfrozenParameter,
  dtype: Dtype,
): readonly SavedTensor[] {
  // What prompts leave trainable is not saved with them.
  if (plan.savedPrompt !== undefined) return [];
  if (plan.savedBases?.some(({ pattern }) => pattern === site.pattern) === true) return [];
  const adapted = plan.modules.filter((module) => module.site.node === site.node);
  const plain = saved(site, name, [elements], dtype);
  if (adapted.length === 0) return [plain];
  const inside = saved(site, `base_layer.${name}`, [elements], dtype);
  if (adapted.some((module) => module.site.pattern === site.pattern)) return [inside];
  // Only some of the layers are adapted.
  const paths = new Set(adapted.flatMap((module) => pathsOf(module.site)));
  return pathsOf(site).map((path) =>
    saved(
      { pattern: path, indices: [] },
      paths.has(path) ? `base_layer.${name}` : name,
      [elements],
      dtype,
    ),
  );
}

/** Parameters and persistent buffers of a copied module and everything below it. */
function subtreeTensors(
  site: Pick<Site, "pattern" | "indices">,
  node: ModuleNode,
  below: string,
  dtypes: SavedDtypes,
): readonly SavedTensor[] {
  const own = node.parameters.map((parameter) =>
    saved(
      site,
      `${below}${parameter.name}`,
      parameter.shape,
      dtypes.trained ?? parameter.dtype ?? dtypes.base,
    ),
  );
  const buffers = node.buffers
    .filter(({ isPersistent }) => isPersistent === true)
    .map(({ name, shape, dtype: own }) =>
      saved(site, `${below}${name}`, shape, own === "model" ? dtypes.base : own),
    );
  const inner = node.children.flatMap((child) =>
    isRepeat(child)
      ? subtreeTensors(
          { ...site, indices: [...site.indices, child.indices] },
          child.element,
          `${below}*.`,
          dtypes,
        )
      : subtreeTensors(site, child, `${below}${child.name}.`, dtypes),
  );
  return [...own, ...buffers, ...inner];
}

/** Shape and dtype of every tensor of the file by its key. */
export function fileTensors(
  plan: AdapterPlan,
  dtypes: SavedDtypes,
): ReadonlyMap<string, Pick<SavedTensor, "shape" | "dtype">> {
  return new Map(
    savedTensors(plan, dtypes).flatMap((tensor) =>
      pathsOf(tensor).map((key) => [key, tensor] as const),
    ),
  );
}
