/** What a reader should know about the attention kernel that the card runs. */

import type { AttentionForward } from "../../graph/tree/forward.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { Warning } from "../../problem/codes.js";
import type { AttentionCard } from "../../catalogue/cuda.js";
import { chooseKernel, FLASH_MAX_HEAD_DIM } from "../programs/kernels/torch/choose-kernel.js";
import type { AttentionKernel } from "../programs/kernels/torch/choose-kernel.js";
import { autocastDtype } from "../settings/training.js";
import type { TrainingSettings } from "../settings/training.js";

interface WarnedCard {
  readonly attention: AttentionCard;
  readonly name?: string;
  readonly stranger?: string;
}

function strangerWarning(card: string, platform: string): Warning {
  return {
    code: "partial_program",
    message: `${card} runs the kernels of ${platform}, which are not compared here: the step is that of an A100 with its memory, and may differ by more than the interval says`,
  };
}

/** Warns of PyTorch's math kernel, which holds all scores in float32, and of cuDNN's own workspace. */
export function attentionWarnings(
  root: ModuleNode,
  training: TrainingSettings,
  { attention, name = "this card", stranger }: WarnedCard,
): readonly Warning[] {
  if (stranger !== undefined) return [strangerWarning(name, stranger)];
  const kernels = attentionKernels(root, training, attention);
  return [
    ...(kernels.has("math")
      ? [mathWarning(name, training, wayOut(root, training, attention))]
      : []),
    ...(kernels.has("cudnn") ? [cudnnWarning(name)] : []),
  ];
}

/** Kernels behind `scaled_dot_product_attention`; none for attention that is written out. */
export function attentionKernels(
  root: ModuleNode,
  training: TrainingSettings,
  card: AttentionCard,
): ReadonlySet<AttentionKernel> {
  if (training.attn_implementation !== "sdpa") return new Set();
  return new Set(attentionsOf(root).map((forward) => kernelOf(forward, training, card)));
}

/** Of the layers without a window; whether those with one get a mask depends on the length and changes little here. */
function kernelOf(
  { headDim, heads, keyValueHeads, attentionDropout, broadcastsKeys = false }: AttentionForward,
  training: TrainingSettings,
  card: AttentionCard,
): AttentionKernel {
  const keepsGroups = !training.padding && headDim <= FLASH_MAX_HEAD_DIM;
  return chooseKernel(card, {
    dtype: autocastDtype(training) ?? training.dtype,
    headDim,
    hasMask: training.padding,
    isGrouped: heads > keyValueHeads && keepsGroups,
    broadcasts: broadcastsKeys,
    dropout: attentionDropout,
    needsGradient: true,
  });
}

/** What the fused kernels take in its place. */
function wayOut(
  root: ModuleNode,
  training: TrainingSettings,
  { rules: { efficientTakesGroups } }: AttentionCard,
): string {
  if (attentionsOf(root).some(({ broadcastsKeys = false }) => broadcastsKeys)) {
    return "the class lets one head of keys meet the queries of all without enable_gqa, which no fused kernel takes on any card";
  }
  const dtype = autocastDtype(training) ?? training.dtype;
  const taken = efficientTakesGroups
    ? "they take this model"
    : "they take models with as many key heads as query heads, padded batches, and from torch 2.14 on this model";
  return dtype === "bfloat16"
    ? `before Ampere no fused kernel takes bfloat16; in float16 ${taken}`
    : taken;
}

function mathWarning(card: string, training: TrainingSettings, way: string): Warning {
  const dtype = autocastDtype(training) ?? training.dtype;
  return {
    code: "attention_math",
    message: `on ${card} scaled_dot_product_attention has no fused kernel for this run in ${dtype}: PyTorch's math kernel holds the scores of every pair of tokens in float32; ${way}`,
  };
}

function cudnnWarning(card: string): Warning {
  return {
    code: "partial_program",
    message: `on ${card} torch's wheels of CUDA 13 run cuDNN's attention, whose workspace is known in part only; versions.cuda 12.6 means flash`,
  };
}

function attentionsOf(node: ModuleNode): readonly AttentionForward[] {
  const own = node.forward?.kind === "attention" ? [node.forward] : [];
  return [
    ...own,
    ...node.children.flatMap((child) => attentionsOf(isRepeat(child) ? child.element : child)),
  ];
}
