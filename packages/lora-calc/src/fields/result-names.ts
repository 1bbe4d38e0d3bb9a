/** The names that a result uses, as unions: what is published, also where nothing computes it yet. */

/** Shares of the allocated peak, in the order of the result. `kv_cache` has no program yet. */
export type PartName =
  | "weights"
  | "reference"
  | "adapter_a"
  | "adapter_b"
  | "adapter_other"
  | "optimizer"
  | "gradients"
  | "checkpoints"
  | "activations"
  | "loss"
  | "kv_cache"
  | "communication"
  | "buffers"
  | "workspace"
  | "batch";

/** What lies between the allocated and the process peak. */
export type BeyondName = "allocator_cache" | "cuda_context" | "paged_optimizer" | "nccl";

/** Part of a step, or of what comes before it. */
export type PhasePart =
  | "load"
  | "adapters"
  | "ddp"
  | "validation"
  | "batch"
  | "forward"
  | "backward"
  | "clip"
  | "optimizer"
  | "zero_grad";

/** As the tracer writes it: `step1.micro0.forward`, `step1.optimizer`, `load`. */
export type PhaseName =
  PhasePart | `step${number}.${PhasePart}` | `step${number}.micro${number}.${PhasePart}`;

type Pass = "forward" | "backward";

/** What a step is doing. */
export type EventName =
  Exclude<PhasePart, "adapters"> | `reference_${Pass}` | `layer_${Pass}` | `loss_${Pass}`;

/** Loops whose iterations a timeline tells apart. */
export type LoopName = "layers" | "chunks" | "entropy" | "rows";

/** Switches that advice prices. */
export type LeverId =
  | "bf16_base"
  | "chunked_loss"
  | "precomputed_reference"
  | "no_kbit_preparation"
  | "sdpa"
  | "fused_adamw"
  | "double_quant"
  | "reentrant_int8"
  | "checkpointing"
  | "nf4"
  | "empty_cache"
  | "micro_batch"
  | "unsloth"
  | "bf16_adapters"
  | "no_dropout"
  | "no_dora"
  | "adamw_8bit"
  | "half_length"
  | "half_rank";

/**
 * How sure a figure is. `exact`: equal to PEFT or PyTorch to the unit. `traced`: its program is compared with traces of the
 * real code. `read`: from source that no judge runs. `fitted`: a constant from measurements. `assumed`: nobody measured it;
 * treat it as a guess.
 */
export type Certainty = "exact" | "traced" | "read" | "fitted" | "assumed";

/** Settings that can be raised until the card is full. */
export type SettingName = "per_device_train_batch_size" | "max_length" | "r";

export type Verdict = "fits" | "tight" | "does_not_fit";
