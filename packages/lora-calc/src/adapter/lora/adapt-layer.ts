/** LoRA on one module: the checks PEFT makes when it wraps it, and the tensors it adds. */

import type { Layer } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import type { AdaptedModule, LoraSettings } from "../plan/plan.js";
import type { LoraConfig } from "./lora-config.js";
import { loraTensors } from "./lora-tensors.js";
import type { AdaptableLayer, LoraShape } from "./lora-tensors.js";
import { VARIANTS_BY_LAYER } from "./variant.js";
import type { Variant } from "./variant.js";

export interface RankAndAlpha {
  readonly rank: number;
  readonly alpha: number;
}

/** Source: peft tuners/lora/model.py `_create_new_module`, tuners/lora/layer.py `update_layer`. */
export function adaptLayer(site: Site, config: LoraConfig, given: RankAndAlpha): AdaptedModule {
  const layer = adaptableLayer(site);
  checkRank(site, given.rank);
  if (layer.kind === "embedding" && config.loraBias) {
    refuse(site, "lora_bias", "does not work on an embedding");
  }
  const groups = "groups" in layer ? layer.groups : 1;
  if (given.rank % groups !== 0) {
    refuse(site, "r", `must be a multiple of ${groups}, the groups of the convolution`);
  }
  const variant = variantOf(site, layer, config);
  checkInit(site, layer, config, given.rank);
  const rank = storedRank(layer, config, given.rank);
  const settings = settingsOf(config, given, variant);
  const shape: LoraShape = {
    settings: { ...settings, rank },
    loraBias: config.loraBias,
    variant,
    ...blocksOf(site, layer, variant, rank),
  };
  return { site, tensors: loraTensors(layer, shape), lora: shape.settings };
}

/** Scaling uses the configured rank, also where an initialisation stores fewer components. */
export function settingsOf(
  config: LoraConfig,
  { rank, alpha }: RankAndAlpha,
  variant?: Variant,
): LoraSettings {
  return {
    rank,
    alpha,
    scaling: alpha / (config.useRslora ? Math.sqrt(rank) : rank),
    dropout: Math.max(0, config.dropout),
    useDora: variant?.kind === "dora",
  };
}

function adaptableLayer({ node, pattern }: Site): AdaptableLayer {
  const { layer } = node;
  if (layer !== undefined && layer.kind !== "module_list") return layer;
  reject({
    code: "unsupported_target_module",
    path: "adapter.target_modules",
    message: `${pattern} is a ${node.type}; LoRA adapts Linear, Embedding, Conv1d, Conv2d, Conv3d, Conv1D and MultiheadAttention`,
    received: pattern,
    expected: ["Linear", "Embedding", "Conv1d", "Conv2d", "Conv3d", "Conv1D", "MultiheadAttention"],
  });
}

export function checkRank(site: Site, rank: number): void {
  if (rank > 0) return;
  reject({
    code: "invalid_value",
    path: "adapter.r",
    message: `adapter.r (rank_pattern) must be at least 1; ${site.pattern} gets ${rank}`,
    received: rank,
    expected: "at least 1",
    nearest: 1,
  });
}

function variantOf(
  site: Site,
  layer: AdaptableLayer,
  { variants, fanInFanOut }: LoraConfig,
): Variant | undefined {
  const [variant] = variants;
  if (variant === undefined) return undefined;
  if (variants.length > 1) {
    const kinds = variants.map(({ kind }) => kind).join(" and ");
    refuse(site, "peft_type", `LORA takes one variant at a time, got ${kinds}`);
  }
  const isSupported = VARIANTS_BY_LAYER[layer.kind]?.includes(variant.kind) === true;
  if (!isSupported || (variant.kind === "kasa" && fanInFanOut && layer.kind !== "linear")) {
    refuse(site, "peft_type", `${variant.kind} does not work on a ${site.node.type}`);
  }
  return variant;
}

/** Initialisations that refuse a layer. Source: peft tuners/lora/layer.py `reset_lora_parameters`, `*_init`. */
function checkInit(
  site: Site,
  layer: AdaptableLayer,
  { initWeights }: LoraConfig,
  rank: number,
): void {
  if (typeof initWeights !== "string" || layer.kind === "embedding") return;
  const name = initWeights.toLowerCase();
  if (name === "gaussian" || initWeights === "lora_ga") return;
  const isLinear = layer.kind === "linear" || layer.kind === "hf_conv1d";
  if (!isLinear || !isLinearInit(initWeights)) {
    refuse(site, "init_lora_weights", `${initWeights} does not work on a ${site.node.type}`);
  }
  if (initWeights === "orthogonal" && rank % 2 !== 0) {
    refuse(site, "init_lora_weights", "orthogonal needs an even rank");
  }
  if (initWeights.startsWith("corda")) {
    refuse(site, "init_lora_weights", "corda needs preprocess_corda to have run on the base model");
  }
}

function isLinearInit(initWeights: string): boolean {
  const name = initWeights.toLowerCase();
  return (
    initWeights.startsWith("corda") ||
    /^pissa(_niter_\d+)?$/.test(initWeights) ||
    ["olora", "mica"].includes(name) ||
    ["loftq", "eva", "orthogonal"].includes(initWeights)
  );
}

/** Decompositions of the base weight give at most min(in, out) components. */
function storedRank(layer: AdaptableLayer, { initWeights }: LoraConfig, rank: number): number {
  if (layer.kind !== "linear" && layer.kind !== "hf_conv1d") return rank;
  if (typeof initWeights !== "string") return rank;
  const decomposes = initWeights.startsWith("pissa") || initWeights.toLowerCase() === "olora";
  return decomposes ? Math.min(rank, layer.inFeatures, layer.outFeatures) : rank;
}

/** Source: peft tuners/lora/variants.py `BdLoraLinearVariant`. */
function blocksOf(
  site: Site,
  layer: Layer,
  variant: Variant | undefined,
  rank: number,
): Pick<LoraShape, "blocks"> {
  if (variant?.kind !== "bdlora" || !("inFeatures" in layer)) return {};
  const { blocksOfA, blocksOfB, blockCount, isStrict } = variant;
  const isInA = blocksOfA.some((part) => site.path.includes(part));
  const isInB = blocksOfB.some((part) => site.path.includes(part));
  if (isInA && isInB) refuse(site, "use_bdlora", "names it for A and for B");
  if (!isInA && !isInB) {
    if (isStrict) refuse(site, "use_bdlora", "names it neither for A nor for B (match_strict)");
    return {};
  }
  const width = isInA ? layer.inFeatures : layer.outFeatures;
  if (width % blockCount !== 0 || rank % blockCount !== 0) {
    refuse(site, "use_bdlora", `nblocks ${blockCount} must divide ${width} and the rank ${rank}`);
  }
  return { blocks: isInA ? { ofA: blockCount } : { ofB: blockCount } };
}

/** Stops with an option that does not fit one module. */
function refuse(site: Site, field: string, message: string): never {
  reject({
    code: "invalid_adapter_option",
    path: `adapter.${field}`,
    message: `${site.pattern}: ${field} ${message}`,
    received: site.pattern,
  });
}
