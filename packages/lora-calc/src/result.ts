/** The output of the calculator, version 1: plain JSON. Bytes and parameters are integers, per GPU. */

import type { Warning } from "./problem/codes.js";
import type { Problem } from "./problem/problem.js";

/**
 * How sure a figure is. `exact`: equal to PEFT or PyTorch to the unit. `traced`: its program is compared with traces of the
 * real code. `read`: from source that no judge runs. `fitted`: a constant from measurements. `assumed`: nobody measured it;
 * treat it as a guess.
 */
export type Certainty = "exact" | "traced" | "read" | "fitted" | "assumed";

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

/** One named share of the peak. */
export interface MemoryPart {
  /** weights, adapter_a, adapter_b, adapter_other, optimizer, gradients, checkpoints, activations, loss, workspace, batch. */
  readonly name: string;
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
  /** Part of the run: `step1.micro0.forward`. */
  readonly phase: string;
  /** What the step is doing: layer_forward, loss_backward, optimizer, … */
  readonly event: string;
  /** Loop the stretch belongs to (layers, chunks), and its iteration. */
  readonly loop?: string;
  readonly iteration?: number;
  readonly allocated: number;
  readonly parts: Readonly<Record<string, number>>;
}

export interface MemoryResult {
  readonly allocated_peak: number;
  readonly reserved_peak: number;
  readonly process_peak: number;
  /** What the step was doing at the peak: forward, loss_forward, loss_backward, layer_backward, optimizer, … */
  readonly peak_event: string;
  /** Where exactly: part of the run, operator and module (none outside modules) whose allocation reaches the peak. */
  readonly peak: {
    readonly event: string;
    readonly phase: string;
    readonly op: string;
    readonly module: string | null;
  };
  /** Shares of the allocated peak, all of them and always in the same order; they add up to it. */
  readonly parts: readonly MemoryPart[];
  /** What lies between the allocated and the process peak. */
  readonly beyond_tensors: readonly MemoryPart[];
  readonly timeline?: readonly TimelinePoint[];
  /** Of a step that has no program alone. */
  readonly at_least?: undefined;
}

/** What is known of a run whose step has no program here: it takes more than this. */
export interface MemoryFloor {
  /** Weights, and what training keeps for each trained parameter. Unit: bytes. */
  readonly at_least: number;
  /** Its shares; they add up to it. */
  readonly parts: readonly MemoryPart[];
}

/** A floor has none of the figures of a computed step. */
type NoPeaks = Readonly<
  Partial<Record<Exclude<keyof MemoryResult, "parts" | "at_least">, undefined>>
>;

export interface Fit {
  readonly verdict: "fits" | "tight" | "does_not_fit";
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
  readonly id: string;
  readonly text: string;
  /** Bytes of the process peak that it frees. */
  readonly saves: number;
  /** What it costs in time or quality, in words. */
  readonly cost: string;
  /** The fields of the scenario it changes, by section. */
  readonly change: Readonly<Record<string, unknown>>;
  /** Verdict on the card with the lever pulled. */
  readonly verdict?: Fit["verdict"];
}

export interface Assumed {
  readonly path: string;
  readonly value: unknown;
  readonly reason: string;
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
  /** Reserved peak under `expandable_segments:True`, unless it was not asked for. Unit: bytes. */
  readonly reserved_peak_expandable?: number;
  /** Most that one process holds in the memory of the host, where a run of several cards reads the model first. Unit: bytes. */
  readonly host_peak?: number;
  /** Size of adapter_model.safetensors as PEFT writes it. */
  readonly adapter_file_bytes?: number;
  readonly fit?: Fit;
  readonly advice?: readonly Lever[];
  readonly versions: Readonly<Record<string, string>>;
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
