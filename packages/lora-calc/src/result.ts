/** The output of the calculator, version 1: plain JSON. Bytes and parameters are integers, per GPU. */

import type {
  BeyondName,
  Certainty,
  EventName,
  LeverId,
  LoopName,
  PartName,
  PhaseName,
  SettingName,
  Verdict,
} from "./fields/result-names.js";
import type { Warning } from "./problem/codes.js";
import type { JsonObject } from "./problem/fields.js";
import type { Problem } from "./problem/problem.js";
import type { StackId } from "./stacks/stacks.js";

export interface ModuleRow {
  /** Path pattern, `*` for every repeated layer. */
  readonly path: string;
  readonly type: string;
  /** Occurrences of the module. */
  readonly count: number;
  /** Trainable parameters of all occurrences. */
  readonly trainable: number;
  readonly in_features?: number;
  readonly out_features?: number;
  readonly rank?: number;
  readonly scaling?: number;
}

export interface ParameterCounts {
  readonly trainable: number;
  readonly all: number;
  /** 100 · trainable / all. */
  readonly percent: number;
  /** Parameters of the model without adapters, tied weights once. */
  readonly base: number;
  readonly by_module?: readonly ModuleRow[];
}

/** One named share of the allocated peak, or of what lies beyond it. */
export interface MemoryPart<Name extends PartName | BeyondName = PartName | BeyondName> {
  readonly name: Name;
  readonly bytes: number;
  readonly certainty: Certainty;
  /** The formula with this run's numbers in it. */
  readonly formula: string;
  /** Where the rule was read. */
  readonly source: string;
  /** The largest groups of equal tensors in the part. */
  readonly tensors?: readonly TensorRow[];
}

/** Equal tensors that are alive together. */
interface TensorRow {
  /** Module path with `*` for the layer index; empty outside modules. */
  readonly module: string;
  /** PyTorch operator that made them. */
  readonly op: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly count: number;
  /** Of all of them. */
  readonly bytes: number;
}

/** The highest moment of one stretch of the second optimizer step, by part. */
export interface TimelinePoint {
  readonly phase: PhaseName;
  readonly event: EventName;
  /** Loop the stretch belongs to, and its iteration. */
  readonly loop?: LoopName;
  readonly iteration?: number;
  readonly allocated: number;
  /** Those with something in them. */
  readonly parts: Readonly<Partial<Record<PartName, number>>>;
}

interface AllocatorResult {
  /** PYTORCH_CUDA_ALLOC_CONF. */
  readonly conf: string;
  /** What max_memory_reserved reports there. Unit: bytes. */
  readonly reserved_peak: number;
}

export interface MemoryResult {
  readonly allocated_peak: number;
  /** Under the allocator's own defaults. Unit: bytes. */
  readonly reserved_peak: number;
  /** What max_memory_reserved reports before the first batch, under the allocator that runs: what notebooks print. Unit: bytes. */
  readonly reserved_loaded: number;
  readonly process_peak: number;
  /** Where the stack sets PyTorch's allocator itself, which process_peak, beyond_tensors and interval then stand under. */
  readonly allocator?: AllocatorResult;
  /** What the step was doing at the peak. */
  readonly peak_event: EventName;
  /** Where exactly: part of the run, operator and module (none outside modules) whose allocation reaches the peak. */
  readonly peak: {
    readonly event: EventName;
    readonly phase: PhaseName;
    readonly op: string;
    readonly module: string | null;
  };
  /** Shares of the allocated peak, always in the same order; they add up to it. Some that only some runs have are left out where they are empty. */
  readonly parts: readonly MemoryPart<PartName>[];
  /** What lies between the allocated and the process peak. */
  readonly beyond_tensors: readonly MemoryPart<BeyondName>[];
  readonly timeline?: readonly TimelinePoint[];
  /** With several cards, those that differ; what stands above is the largest. Absent until it is computed. */
  readonly ranks?: readonly RankMemory[];
  /** Of a step that has no program alone. */
  readonly at_least?: undefined;
}

/** The memory of one card of several. */
export interface RankMemory {
  readonly rank: number;
  readonly allocated_peak: number;
  readonly reserved_peak: number;
  readonly process_peak: number;
  readonly parts: readonly MemoryPart<PartName>[];
}

/** What is known of a run whose step has no program here: it takes more than this. */
export interface MemoryFloor {
  /** Weights, and what training keeps for each trained parameter. Unit: bytes. */
  readonly at_least: number;
  /** Its shares; they add up to it. */
  readonly parts: readonly MemoryPart<PartName>[];
}

/** A floor has none of the figures of a computed step. */
type NoPeaks = Readonly<
  Partial<Record<Exclude<keyof MemoryResult, "parts" | "at_least">, undefined>>
>;

export interface Fit {
  readonly verdict: Verdict;
  /** Name of the card. */
  readonly card: string;
  /** Bytes of the card as nvidia-smi reports them. */
  readonly capacity: number;
  /** Bytes of it that the driver lets processes have. */
  readonly usable: number;
  /** Usable minus other processes minus the process peak, or minus the floor where that alone does not fit. */
  readonly headroom: number;
}

/** A switch that would change the answer, with its price found by running the estimate again. */
export interface Lever {
  readonly id: LeverId;
  readonly text: string;
  /** Bytes of the process peak that it frees. */
  readonly saves: number;
  /** What it costs in time or quality, in words. */
  readonly cost: string;
  /** The fields of the scenario it changes, by section; null takes one out. */
  readonly change: Readonly<
    Partial<Record<"training" | "adapter" | "quantization", JsonObject>> & {
      readonly stack?: string;
    }
  >;
  /** Verdict on the card with the lever pulled. */
  readonly verdict?: Verdict;
}

export interface Assumed {
  readonly path: string;
  readonly value: unknown;
  readonly reason: string;
}

/** What else holds memory of the card: vLLM beside a trainer. */
export interface BesideProcess {
  readonly name: string;
  readonly bytes: number;
  readonly certainty: Certainty;
}

/** How long one optimizer step takes. Unit: seconds. */
export interface StepTime {
  readonly seconds_per_step: readonly [number, number];
  readonly certainty: Certainty;
}

/** How far one setting can be raised. */
export interface Limit {
  /** Value of the scenario, given or taken from defaults. */
  readonly now: number;
  /** The largest value that fits, all else as it is: the next one does not. 0: not even the smallest does. */
  readonly value: number;
  /** Values are multiples of this. */
  readonly step: number;
  /**
   * What ends it: `card`, the next value does not fit; `model`, the next one cannot be run or is not computed; `search`, larger
   * ones are not looked at (65,536 sequences, 2^20 tokens, the full rank of the widest adapted matrix).
   */
  readonly ends_by: "card" | "model" | "search";
  /** Process peak at the value. Unit: bytes. */
  readonly process_peak?: number;
  /** Among the next 64 steps, those that fit again: what PyTorch reserves does not grow evenly. */
  readonly also_fits: readonly number[];
  /** Runs that were estimated to find the value. */
  readonly estimates: number;
}

/** What the answer was computed by: this package, the stack (`default` without one), and the releases of the libraries. */
export interface ResultVersions {
  readonly "lora-calc": string;
  readonly profile: StackId | "default";
  readonly peft: string;
  readonly transformers: string;
  /** Where the scenario names it. */
  readonly torch?: string;
  readonly cuda?: string;
  readonly bitsandbytes?: string;
}

export interface Estimate {
  readonly schema: 1;
  readonly id?: string;
  readonly parameters: ParameterCounts;
  /** Stored weights of the base model, adapters excluded; absent where the layout of a packed checkpoint is unknown. Unit: bytes. */
  readonly weights?: { readonly bytes: number; readonly certainty: Certainty };
  /** Where the step has no program, a warning says why and this is the floor alone; absent where not even that is known. */
  readonly memory?: MemoryResult | (MemoryFloor & NoPeaks);
  readonly interval?: {
    readonly allocated: readonly [number, number];
    readonly reserved: readonly [number, number];
    readonly process: readonly [number, number];
  };
  /** Reserved peak under `expandable_segments:True` (and what the stack sets beside it), unless it was not asked for. Unit: bytes. */
  readonly reserved_peak_expandable?: number;
  /** Most that one process holds in the memory of the host, where a run of several cards reads the model first. Unit: bytes. */
  readonly host_peak?: number;
  /** Size of adapter_model.safetensors as PEFT writes it. */
  readonly adapter_file_bytes?: number;
  /** Engines that run beside the trainer; they stand in the process, too. Absent until it is computed. */
  readonly beside?: readonly BesideProcess[];
  readonly fit?: Fit;
  /** Largest values that fit, by setting; `limits` answers them. Absent until an estimate looks for them. */
  readonly limits?: Readonly<Partial<Record<SettingName, Limit>>>;
  /** Absent until it is computed. */
  readonly time?: StepTime;
  readonly advice?: readonly Lever[];
  readonly versions: ResultVersions;
  readonly assumed: readonly Assumed[];
  /** Paths of given fields that change neither counts nor memory. */
  readonly ignored: readonly string[];
  readonly warnings: readonly Warning[];
}

export interface Refusal {
  readonly schema: 1;
  readonly id?: string;
  readonly error: Problem;
}

export type Result = Estimate | Refusal;

/** Whether an answer is a Problem. Example: isRefusal(estimate({ model: "no such model" })) // true */
export function isRefusal(result: object): result is Refusal {
  return "error" in result;
}
