/** LoRA's variants: changes of the plain A and B that exclude each other and fit some classes of layers only. */

import type { Fields } from "../../problem/fields.js";

export type Variant =
  | { readonly kind: "dora" }
  | { readonly kind: "mica" }
  | { readonly kind: "kasa" }
  | { readonly kind: "velora" }
  | { readonly kind: "alora" }
  | { readonly kind: "arrow" }
  | { readonly kind: "monteclora"; readonly sampleCount: number }
  | {
      readonly kind: "bdlora";
      /** Modules whose path contains one of these get a block-diagonal A. */
      readonly blocksOfA: readonly string[];
      readonly blocksOfB: readonly string[];
      readonly blockCount: number;
      readonly isStrict: boolean;
    };

const DEFAULT_SAMPLES = 8;

/** Every variant that the fields ask for; PEFT takes at most one. Source: peft tuners/lora/config.py. */
export function readVariants(adapter: Fields, initWeights: boolean | string): readonly Variant[] {
  const variants: Variant[] = [];
  if (adapter.boolean("use_dora") === true) variants.push({ kind: "dora" });
  if (initWeights === "mica") variants.push({ kind: "mica" });
  if (adapter.object("kasa_config") !== undefined) variants.push({ kind: "kasa" });
  if (adapter.object("velora_config") !== undefined) variants.push({ kind: "velora" });
  if (adapter.object("arrow_config") !== undefined) variants.push({ kind: "arrow" });
  if ((adapter.integerList("alora_invocation_tokens") ?? []).length > 0) {
    variants.push({ kind: "alora" });
  }
  const samples = adapter.object("monteclora_config");
  if (samples !== undefined) {
    const sampleCount = samples.integer("num_samples", { min: 1 }) ?? DEFAULT_SAMPLES;
    variants.push({ kind: "monteclora", sampleCount });
  }
  const blocks = adapter.object("use_bdlora");
  if (blocks !== undefined) variants.push(readBlocks(blocks));
  return variants;
}

function readBlocks(blocks: Fields): Variant {
  return {
    kind: "bdlora",
    blocksOfA: blocks.stringList("target_modules_bd_a") ?? [],
    blocksOfB: blocks.stringList("target_modules_bd_b") ?? [],
    blockCount: blocks.integer("nblocks", { min: 1 }) ?? 1,
    isStrict: blocks.boolean("match_strict") ?? true,
  };
}

type Kinds = readonly Variant["kind"][];

const LINEAR_VARIANTS: Kinds = [
  "dora",
  "mica",
  "kasa",
  "velora",
  "alora",
  "arrow",
  "monteclora",
  "bdlora",
];

/** Variants by class of layer. Source: peft tuners/lora/layer.py, the properties `lora_variants`. */
export const VARIANTS_BY_LAYER: Readonly<Record<string, Kinds>> = {
  linear: LINEAR_VARIANTS,
  hf_conv1d: LINEAR_VARIANTS.filter((kind) => kind !== "kasa"),
  embedding: ["dora", "mica"],
  conv1d: ["dora"],
  conv2d: ["dora"],
  conv3d: ["dora"],
  multihead_attention: [],
};
