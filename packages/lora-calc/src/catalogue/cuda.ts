/** What CUDA takes beside the tensors, by generation of the card. */

import { MIB } from "../units/format.js";
import { USUAL_WORLD } from "../worlds/index.js";
import { attentionRules } from "../worlds/world.js";
import type { AttentionRules, TorchWheel } from "../worlds/world.js";
import type { GpuGeneration, GpuRow } from "./rows/row.js";

/** What a process holds on the card before its first tensor, and the band around it. Unit: bytes. */
export interface CudaContext {
  readonly bytes: number;
  readonly below: number;
  readonly above: number;
}

/** Threads that a multiprocessor holds, by compute capability. Source: CUDA C++ Programming Guide, "Compute Capabilities". */
const THREADS_PER_MULTIPROCESSOR: Readonly<Record<string, number>> = {
  "6.0": 2048,
  "6.1": 2048,
  "7.0": 2048,
  "7.5": 1024,
  "8.0": 2048,
  "8.6": 1536,
  "8.7": 1536,
  "8.9": 1536,
  "9.0": 2048,
  "10.0": 2048,
  "10.3": 2048,
  "12.0": 1536,
  "12.1": 1536,
};

/** Line through 50 public out-of-memory messages and nvidia-smi prints on 16 kinds of cards, torch 2.0 to 2.14. */
const CONTEXT_BASE_BYTES = 70 * MIB;
const CONTEXT_BYTES_PER_THREAD = 1.93 * 1024;
/** 44 of the 50 rows lie within; what lies outside died while loading, or is of a card that was not sure. */
const CONTEXT_MIN_TOLERANCE = 40 * MIB;
const CONTEXT_TOLERANCE = 0.15;
/** The two rows on consumer Blackwell lie 11 % below the line. */
const CONTEXT_BELOW_ON_12 = 90 * MIB;

/**
 * CUDA context of a process that has worked, with lazily loaded kernels. It grows with the threads that a card can hold, not
 * with its memory: local memory is set aside for each. Certainty: fitted.
 * Source: out-of-memory messages ("this process has … in use") and nvidia-smi in public repositories, collected 2026-11-28;
 * T4: 79 runs of github.com/Anassbzdd/fitcheck. NVIDIA on local memory: forums.developer.nvidia.com/t/289339.
 * Example: contextOf({ computeCapability: "8.9", multiprocessors: 128 }).bytes // 461960643
 */
export function contextOf({
  computeCapability,
  multiprocessors,
  contextBytes,
}: Pick<GpuRow, "computeCapability" | "multiprocessors" | "contextBytes">): CudaContext {
  const threads = multiprocessors * (THREADS_PER_MULTIPROCESSOR[computeCapability] ?? 2048);
  const bytes = contextBytes ?? Math.round(CONTEXT_BASE_BYTES + CONTEXT_BYTES_PER_THREAD * threads);
  const tolerance = Math.max(CONTEXT_MIN_TOLERANCE, Math.round(CONTEXT_TOLERANCE * bytes));
  if (!computeCapability.startsWith("12.")) return { bytes, below: tolerance, above: tolerance };
  return { bytes, below: CONTEXT_BELOW_ON_12, above: CONTEXT_MIN_TOLERANCE };
}

/** Of a card that nobody named: between the least (RTX 3050 class, 120 MiB) and the most (B200, 740 MiB). Certainty: assumed. */
export const UNKNOWN_CONTEXT: CudaContext = {
  bytes: 430 * MIB,
  below: 310 * MIB,
  above: 310 * MIB,
};

/** Buffers of NCCL for one communicator: of two cards 228 to 290 MiB, of four to eight 0.6 to 1.1 GiB. */
const NCCL_OF_TWO = 300 * MIB;
const NCCL_OF_MORE = 850 * MIB;
const NCCL_TOLERANCE = 0.5;

/**
 * What NCCL takes on every card that takes part, outside of torch. It grows with channels, which the machine's links decide.
 * Certainty: assumed. Source: NVIDIA/nccl issues 864, 964, 1685 and pull 2366, pytorch/torchrec pull 3580; collected 2026-11.
 * Example: ncclOf(1).bytes // 0
 */
export function ncclOf(ranks: number): CudaContext {
  const bytes = ranks === 1 ? 0 : ranks === 2 ? NCCL_OF_TWO : NCCL_OF_MORE;
  return { bytes, below: NCCL_TOLERANCE * bytes, above: NCCL_TOLERANCE * bytes };
}

/**
 * Share of nvidia-smi's total that processes get, where no message says it: 0.971 to 0.985 on the consumer cards that do.
 * Certainty: fitted.
 */
const USABLE_SHARE = 0.98;

/** Memory that processes can have on a card. Example: usableBytes({ memoryBytes: 1000 }) // 980 */
export function usableBytes({
  memoryBytes,
  usableBytes: seen,
}: Pick<GpuRow, "memoryBytes" | "usableBytes">): number {
  return seen ?? Math.floor(USABLE_SHARE * memoryBytes);
}

const WORKSPACE_BYTES_BEFORE_HOPPER = 8_519_680;
const WORKSPACE_BYTES_FROM_HOPPER = 32 * MIB;

/**
 * Bytes of one cuBLAS workspace: two 4 MiB and eight 16 KiB buffers before Hopper, 32 MiB from Hopper on. PyTorch allocates
 * one per handle and stream, so the forward and the backward thread hold one each.
 *
 * Unit: bytes inside the allocated memory. Certainty: read.
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
 * Certainty: compared (tapes of a T4). Source: transformers integrations/moe.py `_can_use_grouped_mm`, `_grouped_mm_fallback_backward`.
 * Example: hasGroupedProduct({ sm: 75 }) // false
 */
export function hasGroupedProduct({ sm }: Pick<AttentionCard, "sm">): boolean {
  return sm >= GROUPED_FROM;
}

const GROUPED_FROM = 80;

/** What of a card, and of the torch wheel on it, decides which attention kernel runs. */
export interface AttentionCard {
  /** Compute capability, as 86 for 8.6; the oldest of those that run the same kernels in the same blocks. */
  readonly sm: number;
  /** cuDNN's attention is asked first. */
  readonly prefersCudnn: boolean;
  readonly rules: AttentionRules;
}

/** Capabilities that share kernels, and the shared memory they need, with an older one. Source: CUDA C++ Programming Guide, "Compute Capabilities". */
const RUNS_LIKE: ReadonlyMap<number, number> = new Map([
  [89, 86],
  [103, 100],
  [121, 120],
]);

/** Capabilities of the cards on which torch asks cuDNN first: H100, H200, B200, B300. */
const CUDNN_FIRST: ReadonlySet<number> = new Set([90, 100]);
/** Wheels of CUDA 13 carry a cuDNN (9.19 to 9.24) that torch prefers; those of CUDA 12.6 (9.10) do not. */
const CUDNN_FIRST_FROM_CUDA = 13;

/** What pip installs, with the releases that are usual here. Source: torch 2.13 RELEASE.md. */
export const DEFAULT_WHEEL: TorchWheel = {
  torch: USUAL_WORLD.releases.torch[0],
  cuda: USUAL_WORLD.releases.cuda[0],
};

/** Whether the CUDA of the wheel decides the attention kernel of a card. Example: cudaDecides({ sm: 80 }) // false */
export function cudaDecides({ sm }: Pick<AttentionCard, "sm">): boolean {
  return CUDNN_FIRST.has(sm);
}

/**
 * The same text for two cards on which a step makes the same tensors: they differ in size and CUDA context only.
 *
 * Example: stepKind({ computeCapability: "8.9", generation: "Ada" }) === stepKind({ computeCapability: "8.6", generation: "Ampere" }) // true
 */
export function stepKind({
  computeCapability,
  generation,
}: Pick<GpuRow, "computeCapability" | "generation">): string {
  const { sm } = attentionCard(computeCapability, DEFAULT_WHEEL);
  return `${sm} ${cublasWorkspaceBytes(generation)}`;
}

/**
 * Example: attentionCard("9.0", { torch: "2.13.0", cuda: "13.0" }).prefersCudnn // true
 * Certainty: read. Source: torch 2.11 to 2.14 cuda/sdp_utils.cpp `check_prefer_cudnn_attention`, METADATA (cuDNN of each wheel).
 */
export function attentionCard(
  computeCapability: string,
  { torch, cuda }: TorchWheel,
): AttentionCard {
  const [major = 0, minor = 0] = computeCapability.split(".").map(Number);
  const own = 10 * major + minor;
  const sm = RUNS_LIKE.get(own) ?? own;
  return {
    sm,
    prefersCudnn: parseInt(cuda, 10) >= CUDNN_FIRST_FROM_CUDA && CUDNN_FIRST.has(sm),
    rules: attentionRules(torch),
  };
}
