/** GPU memory of a training step: peaks, parts, course, and how sure they are. */

import type { EventName } from "../../fields/result-names.js";
import { ncclOf } from "../../catalogue/cuda.js";
import type { CudaContext } from "../../catalogue/cuda.js";
import type { CudaFigures } from "../settings/device.js";
import { partsAfter } from "./peak-parts.js";
import type { PeakPart } from "./peak-parts.js";
import { replay, reservedExpandable } from "../replay/replay.js";
import { repeatedPhase } from "../replay/course.js";
import type { Moment } from "../replay/course.js";
import { recordStep } from "../programs/run-step.js";
import type { RecordedStep, StepInputs } from "../programs/run-step.js";
import { missing } from "../../problem/missing.js";
import type { Loop } from "../machine/loop.js";
import type { Phase } from "../machine/phase.js";

export interface MemoryInputs extends Omit<
  StepInputs,
  "cublasWorkspaceBytes" | "card" | "multiprocessors"
> {
  readonly device: CudaFigures;
  /** Cards that take part. */
  readonly ranks: number;
}

/** Where the peak is reached. */
interface PeakPlace {
  readonly event: EventName;
  /** Part of the run, for example `step1.micro0.backward`. */
  readonly phase: Phase;
  /** PyTorch operator whose allocation reaches it. */
  readonly op: string;
  /** Path from the outermost module; undefined outside modules. */
  readonly module: string | undefined;
}

export interface MemoryEstimate {
  readonly allocatedPeak: number;
  readonly reservedPeak: number;
  /** Absent when it was not asked for, and no stack sets it. */
  readonly reservedPeakExpandable: number | undefined;
  /** PYTORCH_CUDA_ALLOC_CONF, where the stack sets it. */
  readonly allocator: string | undefined;
  /** Reserved peak under the allocator that runs. */
  readonly reservedInForce: number;
  /** The same before the first batch. */
  readonly reservedLoaded: number;
  /** What nvidia-smi shows for the process: reserved, CUDA context, managed memory. */
  readonly processPeak: number;
  readonly context: CudaContext;
  /** Optimizer state in managed memory. */
  readonly managedBytes: number;
  /** Buffers of NCCL on every card. */
  readonly nccl: CudaContext;
  /** Most that the process holds in the memory of the host; 0 where nothing of it is computed. */
  readonly hostPeak: number;
  readonly peak: PeakPlace;
  /** They add up to the allocated peak. */
  readonly parts: readonly PeakPart[];
  readonly moments: readonly Moment[];
  /** Events of the allocator that were played to find it. */
  readonly playedEvents: number;
}

/**
 * Runs two optimizer steps symbolically and replays them through the caching allocator.
 *
 * Unit: bytes on one GPU. Certainty: traced for allocated and reserved (equal to a trace of the real code for the
 * programs in test/conformance); the CUDA context is fitted, on a card that nobody named assumed.
 */
export function estimateMemory(
  inputs: MemoryInputs,
  options: { readonly runsEveryIteration?: boolean; readonly expandable?: boolean } = {},
): MemoryEstimate {
  const { context, attention, ...card } = inputs.device;
  const nccl = ncclOf(inputs.ranks);
  const { cublasWorkspaceBytes, multiprocessors } = card;
  const onCard = { cublasWorkspaceBytes, multiprocessors, card: attention };
  const step = recordStep({ ...inputs, ...onCard }, options);
  const { allocatedPeak, reservedPeak, peakEvent, partBytes, moments, ...at } = replay(step);
  const peak = placeOf(step, peakEvent, inputs.plan !== undefined);
  const { expandable: isSet = false, roundup = "" } = inputs.training.unsloth?.rules ?? {};
  const expandable =
    options.expandable === false && !isSet ? undefined : reservedExpandable(step, roundup);
  // The allocated peak is that of the usual allocator, which counts rests of blocks that expandable segments split off: up to
  // 0.5 % more than is reserved there, in runs that peak as they are loaded. The larger one holds, so that no cache is negative.
  const reservedInForce = Math.max(isSet ? (expandable?.peak ?? 0) : reservedPeak, allocatedPeak);
  return {
    allocatedPeak,
    reservedPeak,
    reservedPeakExpandable: expandable?.peak,
    reservedLoaded: (isSet ? expandable?.loaded : undefined) ?? at.loaded,
    allocator: isSet ? allocatorConf(roundup) : undefined,
    reservedInForce,
    processPeak: reservedInForce + context.bytes + step.managedBytes + nccl.bytes,
    context,
    managedBytes: step.managedBytes,
    nccl,
    hostPeak: step.hostPeak,
    peak: { ...peak, phase: repeatedPhase(peak.phase, at.peakRepeat) },
    parts: partsAfter(step, peakEvent, partBytes),
    moments,
    playedEvents: at.played,
  };
}

function allocatorConf(roundup: string): string {
  const own = roundup === "" ? "" : `,roundup_power2_divisions:${roundup}`;
  return `expandable_segments:True${own}`;
}

/** PEFT wraps the model it adapts; paths start at the wrapper. */
const WRAPPER = "base_model.model";

function placeOf(step: RecordedStep, event: number, isWrapped: boolean): PeakPlace {
  const { events, origins, iterations, marks } = step.recording;
  const id = events[event] ?? missing();
  const allocation = step.tape.allocations[origins[id] ?? -1];
  if (allocation === undefined) throw new Error("the peak is not at an allocation");
  const loop = marks.findLast((mark) => mark.event <= event)?.loop;
  const iteration = iterations[id] ?? -1;
  const path =
    loop?.kind === "layers" && iteration >= 0
      ? allocation.module?.replace(/(?<=\.)\d+(?=\.|$)/, String(iteration))
      : allocation.module;
  return {
    event: eventName(allocation.phase, loop, allocation.kind === "logits"),
    phase: allocation.phase,
    op: allocation.tag,
    module: path === undefined || !isWrapped ? path : path === "" ? WRAPPER : `${WRAPPER}.${path}`,
  };
}

/** Name of a moment in a step: what it is doing. */
export function eventName(
  { part, role }: Phase,
  loop: Loop | undefined,
  isLoss: boolean,
): EventName {
  if (part === "adapters") return "load";
  if (part !== "forward" && part !== "backward") return part;
  if (role === "reference") return `reference_${part}`;
  if (loop?.kind === "layers") return `layer_${part}`;
  return isLoss || loop?.kind === "chunks" ? `loss_${part}` : part;
}
