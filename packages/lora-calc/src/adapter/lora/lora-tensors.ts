/** The tensors LoRA adds to one layer, by class of layer. */

import type { Layer } from "../../graph/tree/module-graph.js";
import type { AdapterTensor, LoraSettings } from "../plan/plan.js";
import type { Variant } from "./variant.js";

export interface LoraShape {
  readonly settings: LoraSettings;
  readonly loraBias: boolean;
  readonly variant: Variant | undefined;
  /** Blocks on the diagonal of A or of B (BD-LoRA); only they are stored. */
  readonly blocks?: { readonly ofA?: number; readonly ofB?: number };
}

/** Layers LoRA can adapt: all but lists of modules. */
export type AdaptableLayer = Exclude<Layer, { readonly kind: "module_list" }>;

/**
 * Parameters of LoRA on one layer: A (r, in) and B (out, r), with the kernel in A for convolutions.
 *
 *     linear: r · (in + out)    embedding: r · (rows + dim)    conv: r · in · kernel + out · r / groups
 *     + out when lora_bias      + out when DoRA (one magnitude per output)
 *
 * Unit: parameters, exact.
 * Source: Hu et al. 2021, arXiv:2106.09685 §4.1; Liu et al. 2024, arXiv:2402.09353 (DoRA);
 * peft tuners/lora/layer.py `update_layer`.
 */
export function loraTensors(layer: AdaptableLayer, shape: LoraShape): readonly AdapterTensor[] {
  switch (layer.kind) {
    case "linear":
    case "hf_conv1d":
      return linearTensors(layer.inFeatures, layer.outFeatures, shape);
    case "embedding":
      return embeddingTensors(layer, shape);
    case "conv1d":
    case "conv2d":
    case "conv3d":
      return convTensors(layer, shape);
    case "multihead_attention":
      return attentionTensors(layer.embedDim, shape);
  }
}

function linearTensors(
  inFeatures: number,
  outFeatures: number,
  { settings, loraBias, variant, blocks }: LoraShape,
): readonly AdapterTensor[] {
  const { rank } = settings;
  const { ofA = 1, ofB = 1 } = blocks ?? {};
  return [
    trainable("lora_A.default.weight", [rank, inFeatures / ofA]),
    {
      ...trainable("lora_B.default.weight", [outFeatures, rank / ofB]),
      trainable: variant?.kind !== "mica",
    },
    ...(loraBias ? [trainable("lora_B.default.bias", [outFeatures])] : []),
    ...variantTensors(variant, rank, [outFeatures]),
  ];
}

function embeddingTensors(
  { rows, dim }: Extract<Layer, { kind: "embedding" }>,
  { settings, variant }: LoraShape,
): readonly AdapterTensor[] {
  const { rank } = settings;
  return [
    trainable("lora_embedding_A.default", [rank, rows]),
    { ...trainable("lora_embedding_B.default", [dim, rank]), trainable: variant?.kind !== "mica" },
    ...variantTensors(variant, rank, [dim]),
  ];
}

/** A sees all input channels even in a grouped convolution; B is divided by the groups. */
function convTensors(
  layer: Extract<Layer, { readonly kernel: readonly number[] }>,
  { settings, loraBias, variant }: LoraShape,
): readonly AdapterTensor[] {
  const { inChannels, outChannels, kernel, groups } = layer;
  const { rank } = settings;
  const ones = kernel.map(() => 1);
  return [
    trainable("lora_A.default.weight", [rank, inChannels, ...kernel]),
    trainable("lora_B.default.weight", [outChannels, rank / groups, ...ones]),
    ...(loraBias ? [trainable("lora_B.default.bias", [outChannels])] : []),
    ...variantTensors(variant, rank, [1, outChannels, ...ones]),
  ];
}

/** The fused input projection (d → 3d) and the output projection (d → d) of `nn.MultiheadAttention`. */
function attentionTensors(embedDim: number, shape: LoraShape): readonly AdapterTensor[] {
  const output = linearTensors(embedDim, embedDim, shape);
  return [
    ...linearTensors(embedDim, 3 * embedDim, shape),
    ...output.map((tensor) => ({ ...tensor, name: `base_layer.out_proj.${tensor.name}` })),
  ];
}

function variantTensors(
  variant: Variant | undefined,
  rank: number,
  magnitude: readonly number[],
): readonly AdapterTensor[] {
  if (variant?.kind === "dora") {
    return [trainable("lora_magnitude_vector.default.weight", magnitude)];
  }
  if (variant?.kind === "kasa") return [trainable("lora_diag.default", [rank])];
  if (variant?.kind === "monteclora") {
    return [
      trainable("lora_monteclora_sampler.default.std_prior", [rank]),
      trainable("lora_monteclora_sampler.default.expert_weights_prior", [variant.sampleCount]),
    ];
  }
  return [];
}

function trainable(name: string, shape: readonly number[]): AdapterTensor {
  return { name, shape, trainable: true };
}
