/** Whether a run can attend by the flash-attn package, and if not, why. */

import type { AttentionCard } from "../../catalogue/cuda.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import type { WorldRules } from "../../worlds/world.js";
import { autocastDtype } from "./training.js";
import type { TrainingSettings } from "./training.js";

/** Source: flash-attn 2.8.3 README ("Ampere, Ada, or Hopper GPUs", heads up to 256, fp16 and bf16). */
const AMPERE = 80;
const MAX_HEAD_DIM = 256;

interface FlashRun {
  readonly graph: ModuleGraph;
  readonly training: TrainingSettings;
  readonly card: AttentionCard;
  readonly rules: WorldRules;
}

/** A sentence that names what stands against it, or undefined. */
export function whyNotFlash({ graph, training, card, rules }: FlashRun): string | undefined {
  if (training.attn_implementation !== "flash_attention_2" || training.unsloth !== undefined) {
    return undefined;
  }
  if (card.sm < AMPERE)
    return "flash-attn runs on Ampere cards and later ones; leave training.attn_implementation out";
  if (autocastDtype(training) === undefined && training.dtype === "float32")
    return "flash-attn takes 16 bits; set training.bf16, or training.dtype to bfloat16";
  if (training.padding)
    return "padding under flash_attention_2, which transformers takes out before and puts back behind, has no program here; full rows and packed ones have";
  if (rules.takesForPacked)
    return "flash_attention_2 under this release of transformers is not compared; leave versions.transformers out";
  const other = firstOther(graph.root);
  return other === undefined
    ? undefined
    : `flash_attention_2 on ${other} has no program here; sdpa and eager have`;
}

/** Attention whose program has no such kernel: all but that of usual decoders. */
function firstOther({ forward, children, type }: ModuleNode): string | undefined {
  const kind = forward?.kind;
  const isAttention = kind?.endsWith("attention") === true;
  if (isAttention && (forward?.kind !== "attention" || !takesFlash(forward))) return type;
  if (kind !== undefined && OTHER_STACKS.has(kind)) return type;
  for (const child of children) {
    const found = firstOther(isRepeat(child) ? child.element : child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function takesFlash(forward: Extract<ModuleNode["forward"], { kind: "attention" }>): boolean {
  const { sinks, ownKernel, headDim, isBidirectional } = forward;
  const isOwn = sinks !== undefined || ownKernel !== undefined || isBidirectional === true;
  return !isOwn && headDim <= MAX_HEAD_DIM;
}

/** Models whose attention is told its mask or bias in another way. */
const OTHER_STACKS: ReadonlySet<string> = new Set([
  ...["alibi_decoder", "text_encoder", "rotary_encoder", "disentangled_encoder", "encoder_decoder"],
  ...["image_classifier", "masked_lm"],
]);
