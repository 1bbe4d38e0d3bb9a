/** What CUDA takes beside the tensors, by generation of the card. */

import { GIB, MIB } from "../units/format.js";
import type { GpuGeneration } from "./row.js";

/**
 * Memory of the CUDA context with lazily loaded kernels (CUDA 12). No vendor figure exists: reports for one process range
 * from 0.3 GiB at start to 0.6 GiB after a training step and grow with the generation. Nothing was found for Pascal and
 * Volta, which are taken as Turing.
 */
const CONTEXT_GIB: Readonly<Record<GpuGeneration, number>> = {
  Pascal: 0.35,
  Volta: 0.35,
  Turing: 0.35,
  Ampere: 0.45,
  Ada: 0.45,
  Hopper: 0.55,
  Blackwell: 0.6,
};

/** Half width of the band around the context. Unit: bytes. */
export const CONTEXT_TOLERANCE_BYTES: number = Math.round(0.15 * GIB);

/**
 * Bytes that a process holds on the card before its first tensor.
 *
 * Unit: bytes, ± `CONTEXT_TOLERANCE_BYTES`. Certainty: assumed.
 * Source: pytorch/pytorch issues 107667 (lazy loading) and 49877 (older CUDA: up to 1.6 GB).
 * Example: contextBytes("Ada") // 483183821
 */
export function contextBytes(generation: GpuGeneration): number {
  return Math.round(CONTEXT_GIB[generation] * GIB);
}

const WORKSPACE_BYTES_BEFORE_HOPPER = 8_519_680;
const WORKSPACE_BYTES_FROM_HOPPER = 32 * MIB;

/**
 * Bytes of one cuBLAS workspace: two 4 MiB and eight 16 KiB buffers before Hopper, 32 MiB from Hopper on. PyTorch allocates
 * one per handle and stream, so the forward and the backward thread hold one each.
 *
 * Unit: bytes inside the allocated memory. Certainty: derived.
 * Source: pytorch (2026) aten/src/ATen/cuda/CublasHandlePool.cpp `parseChosenWorkspaceSize`.
 * Example: cublasWorkspaceBytes("Hopper") // 33554432
 */
export function cublasWorkspaceBytes(generation: GpuGeneration): number {
  const fromHopper = generation === "Hopper" || generation === "Blackwell";
  return fromHopper ? WORKSPACE_BYTES_FROM_HOPPER : WORKSPACE_BYTES_BEFORE_HOPPER;
}

/**
 * Whether experts run as one grouped product on a card: from compute capability 8.0 on. Older cards take another path of
 * transformers, whose backward makes a gradient as large as the weights even where they are frozen.
 *
 * Certainty: derived. Source: transformers@5.18.0 integrations/moe.py `_can_use_grouped_mm`, `_grouped_mm_fallback_backward`.
 * Example: hasGroupedProduct("Turing") // false
 */
export function hasGroupedProduct(generation: GpuGeneration): boolean {
  return generation !== "Pascal" && generation !== "Volta" && generation !== "Turing";
}

/** What of a card, and of the torch wheel on it, decides which attention kernel runs. */
export interface AttentionCard {
  /** Compute capability, as 86 for 8.6. */
  readonly sm: number;
  /** cuDNN's attention is asked first. */
  readonly prefersCudnn: boolean;
}

/** Capabilities of the cards on which torch asks cuDNN first: H100, H200, B200, B300. */
const CUDNN_FIRST: ReadonlySet<number> = new Set([90, 100, 103]);
/** Wheels of CUDA 13 carry a cuDNN (9.20) that torch prefers; those of CUDA 12.6 (9.10) do not. */
const CUDNN_FIRST_FROM_CUDA = 13;

/** CUDA of the torch wheel that pip installs. Source: torch 2.13 RELEASE.md. */
export const DEFAULT_CUDA = "13.0";

/** Whether the CUDA of the wheel decides the attention kernel of a card. Example: cudaDecides({ sm: 80, prefersCudnn: false }) // false */
export function cudaDecides({ sm }: AttentionCard): boolean {
  return CUDNN_FIRST.has(sm);
}

/**
 * Example: attentionCard("9.0", "13.0").prefersCudnn // true
 * Certainty: read. Source: torch 2.13 cuda/sdp_utils.cpp `check_prefer_cudnn_attention`, RELEASE.md (cuDNN of each wheel).
 */
export function attentionCard(computeCapability: string, cuda: string): AttentionCard {
  const [major = 0, minor = 0] = computeCapability.split(".").map(Number);
  const sm = 10 * major + minor;
  return {
    sm,
    prefersCudnn: parseInt(cuda, 10) >= CUDNN_FIRST_FROM_CUDA && CUDNN_FIRST.has(sm),
  };
}
