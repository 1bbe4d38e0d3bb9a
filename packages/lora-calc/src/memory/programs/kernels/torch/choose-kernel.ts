/**
 * Which kernel `scaled_dot_product_attention` runs on a card.
 *
 * Source: torch 2.11 to 2.14 ATen/native/transformers/sdp_utils_cpp.h, cuda/sdp_utils.cpp and the headers of its kernels;
 * conformance/README.md, "Attention". Certainty: read.
 */

import type { AttentionCard } from "../../../../catalogue/cuda.js";
import type { Dtype } from "../../../../units/dtype.js";

export type AttentionKernel = "flash" | "efficient" | "cudnn" | "math";

/** What one call asks for. */
export interface AttentionCall {
  readonly dtype: Dtype;
  /** Channels of a head of queries and keys. */
  readonly headDim: number;
  /** Channels of a head of values. Default: headDim. */
  readonly valueDim?: number;
  readonly hasMask: boolean;
  /** A bias that is trained, or made from one. */
  readonly maskNeedsGradient?: boolean;
  /** Fewer heads of keys and values than of queries reach the kernel (`enable_gqa`). */
  readonly isGrouped: boolean;
  /** Fewer heads reach it without `enable_gqa`. */
  readonly broadcasts?: boolean;
  readonly dropout: number;
  /** A gradient will be asked for. */
  readonly needsGradient: boolean;
}

/** The widest head of the flash kernel, and of grouped keys that transformers passes on. */
export const FLASH_MAX_HEAD_DIM = 256;
/** The widest head that cuDNN takes on every card where it comes first, and the widest at all. */
const CUDNN_HEAD_DIM = 128;
const CUDNN_MAX_HEAD_DIM = 256;
/** Queries and keys of DeepSeek-V3. */
const LATENT_HEAD_DIM = 192;
const HOPPER = 90;
/** Cards with 99 KiB of shared memory a block: flash has no backward there for some widths. */
const LITTLE_SHARED_MEMORY: ReadonlySet<number> = new Set([86, 87, 120]);

/**
 * Example: chooseKernel({ sm: 75, prefersCudnn: false, rules: { efficientTakesGroups: true, cudnnAsksForGradient: true } },
 *   { dtype: "bfloat16", headDim: 128, hasMask: false, isGrouped: true, dropout: 0, needsGradient: true }) // "math"
 */
export function chooseKernel(card: AttentionCard, call: AttentionCall): AttentionKernel {
  if (call.broadcasts === true) return "math";
  const isHalf = call.dtype === "bfloat16" || call.dtype === "float16";
  if (isHalf && runsCudnn(card, call)) return "cudnn";
  if (isHalf && runsFlash(card, call)) return "flash";
  return runsEfficient(card, call, isHalf) ? "efficient" : "math";
}

function runsCudnn(card: AttentionCard, call: AttentionCall): boolean {
  return (
    card.prefersCudnn &&
    call.maskNeedsGradient !== true &&
    call.headDim % 8 === 0 &&
    (call.valueDim ?? 0) % 8 === 0 &&
    takesHead(card, call) &&
    Number.isInteger(16 * call.dropout)
  );
}

/** cuDNN's widths, which depend on the card, or on whether a gradient follows. Those of latent attention are taken early. */
function takesHead(
  { sm, rules }: AttentionCard,
  { headDim, valueDim = headDim, needsGradient }: AttentionCall,
): boolean {
  const widest = Math.max(headDim, valueDim);
  if (widest <= CUDNN_HEAD_DIM) return true;
  if (widest > CUDNN_MAX_HEAD_DIM) return false;
  const isLatent = headDim === LATENT_HEAD_DIM && valueDim === CUDNN_HEAD_DIM;
  if (!rules.cudnnAsksForGradient) return sm === HOPPER || isLatent;
  const isWidest = headDim === CUDNN_MAX_HEAD_DIM && valueDim === CUDNN_MAX_HEAD_DIM;
  return isLatent || isWidest || !needsGradient;
}

function runsFlash({ sm }: AttentionCard, call: AttentionCall): boolean {
  const { headDim, valueDim = headDim, hasMask, dropout, needsGradient } = call;
  if (sm < 80 || hasMask || headDim > FLASH_MAX_HEAD_DIM || headDim !== valueDim) return false;
  const lacksBackward = (headDim > 192 && headDim <= 224) || (headDim > 224 && dropout > 0);
  return !(needsGradient && LITTLE_SHARED_MEMORY.has(sm) && lacksBackward);
}

function runsEfficient(
  { sm, rules }: AttentionCard,
  call: AttentionCall,
  isHalf: boolean,
): boolean {
  if ((call.isGrouped && !rules.efficientTakesGroups) || (call.dtype === "bfloat16" && sm < 80))
    return false;
  const aligned = isHalf ? (sm >= 70 ? 8 : 1) : sm >= 80 ? 4 : 1;
  return call.headDim % aligned === 0 && (call.valueDim ?? 0) % aligned === 0;
}
