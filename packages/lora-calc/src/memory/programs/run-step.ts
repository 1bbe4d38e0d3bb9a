/** From a model, its adapters and the training settings to the events of two whole optimizer steps. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { AttentionCard } from "../../catalogue/cuda.js";
import { fuses4bit } from "../../catalogue/fused-4bit.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { reject } from "../../problem/problem.js";
import { loadModel } from "../load/bind-model.js";
import type { LoadedModel, LoadOptions } from "../load/bind-model.js";
import { withoutAdapters } from "../load/without-adapters.js";
import type { BoundModule, Kernels } from "../load/bound-module.js";
import { Machine } from "../machine/machine.js";
import type { Tape } from "../machine/tape.js";
import type { Tensor } from "../machine/tensor.js";
import type { StrategyName } from "../settings/device.js";
import { litgptUse } from "../settings/litgpt.js";
import type { LigerUse } from "../settings/liger.js";
import type { Quantization } from "../settings/quantization.js";
import { stretch } from "../repeat/stretch.js";
import type { Recording } from "../repeat/stretch.js";
import { axolotlKernels } from "./kernels/axolotl-kernels.js";
import { planOf } from "./batch-plan.js";
import { LitgptRun } from "./litgpt/run.js";
import { ligerKernels } from "./kernels/liger-kernels.js";
import { torchKernels } from "./kernels/torch-kernels.js";
import { STRATEGIES } from "./strategies/strategies.js";
import { trainerOf } from "./trainers/trainers.js";
import { runTraining } from "./training-step.js";
import { UnslothRun } from "./unsloth/run.js";
import { unslothTrainer } from "./unsloth/trainer.js";
import type { TrainingSettings } from "../settings/training.js";
import type { WorldRules } from "../../worlds/world.js";

export interface StepInputs {
  /** What the installed releases do one way or another. */
  readonly rules: WorldRules;
  readonly graph: ModuleGraph;
  /** Undefined for full fine-tuning. */
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
  /** What Liger's kernels take over; undefined without them. */
  readonly liger?: LigerUse | undefined;
  /** bitsandbytes leaves weights packed where its kernel is the faster. */
  readonly fusesPacked?: boolean;
  /** One cuBLAS workspace; forward and backward take one each. */
  readonly cublasWorkspaceBytes: number;
  /** What decides the attention kernel. */
  readonly card: AttentionCard;
  /** Of the card. */
  readonly multiprocessors: number;
  readonly strategy: StrategyName;
}

/** A stream beside the usual one: the next in turn, or that of the allocation before. */
export const NEXT_STREAM = 1;
const SAME_STREAM = 2;

export interface RecordedStep {
  readonly tape: Tape;
  readonly recording: Recording;
  /** Requested bytes of every allocation of the tape. */
  readonly sizes: Float64Array;
  /** Per allocation, which CUDA stream it is made on: 0 for the usual one, NEXT_STREAM or SAME_STREAM; undefined where all are. */
  readonly streams: Uint8Array | undefined;
  /** How often the last micro-batch of every step is to be repeated. */
  readonly repeats: number;
  /** The step whose course is shown. */
  readonly shownStep: number;
  /** Before what the allocator gives back to the driver what is free. */
  readonly emptiesCache: readonly ("adapters" | "batches")[];
  /** Allocations of the tape before which it does so in the middle of a step; undefined without. */
  readonly emptiesBefore: ReadonlySet<number> | undefined;
  /** Optimizer state in managed memory, outside the allocator. Unit: bytes. */
  readonly managedBytes: number;
  /** Most that lay in the host's memory: a model that is read there before it is moved. Unit: bytes. */
  readonly hostPeak: number;
}

/** Spare periods of the samples that are tried in turn: one run in seven needs one, and then costs a third more. */
const SPARE_PERIODS = [0, 1];

/**
 * Runs a sample of equal layers, chunks and micro-batches and stretches it; runs every layer and chunk when no sample repeats,
 * and all when asked to.
 */
export function recordStep(
  inputs: StepInputs,
  { runsEveryIteration = false }: { readonly runsEveryIteration?: boolean } = {},
): RecordedStep {
  for (const spare of runsEveryIteration ? [] : SPARE_PERIODS) {
    const sampled = run(inputs, new Machine(spare), true);
    if (sampled !== undefined) return sampled;
  }
  const whole = run(inputs, new Machine(), !runsEveryIteration);
  if (whole === undefined) throw new Error("a run of every layer could not be recorded");
  return whole;
}

/** Gradients have the dtype of their parameter, and the scaler takes float32 only. Source: torch amp/grad_scaler.py. */
function rejectUnscalable(trained: readonly Tensor[]): void {
  const half = trained.find(({ dtype }) => dtype !== "float32");
  if (half === undefined) return;
  const raised =
    half.dtype === "bfloat16"
      ? `NotImplementedError: "_amp_foreach_non_finite_check_and_unscale_cuda" not implemented for 'BFloat16'`
      : "ValueError: Attempting to unscale FP16 gradients.";
  reject({
    code: "invalid_value",
    path: "training.fp16",
    message: `fp16 training cannot unscale ${half.dtype} gradients (PyTorch raises ${raised}); train in float32: training.adapter_dtype float32, and a float32 base for weights that train themselves`,
    received: half.dtype,
    expected: "float32",
  });
}

function run(inputs: StepInputs, m: Machine, repeatsBatches: boolean): RecordedStep | undefined {
  const strategy = STRATEGIES[inputs.strategy];
  // bitsandbytes packs weights on the card, each as it is read.
  const readsTo = inputs.quantization === undefined ? strategy.readsTo : "cuda";
  const { unsloth: use, dtype, gradient_checkpointing: isCheckpointed } = inputs.training;
  const unsloth = use === undefined ? undefined : new UnslothRun(m, use, dtype);
  const whenRead = (): void => unsloth?.loadTables();
  const options = { ...inputs, kernels: kernelsOf(inputs), readsTo, whenRead };
  const litgpt = litgptOf(m, inputs, options.kernels);
  const model = litgpt?.model ?? loadModel(m, inputs.graph, options);
  if (inputs.training.fp16) rejectUnscalable(model.trained.parameters);
  const reference = referenceOf(m, model, options);
  strategy.wrap(m, model);
  unsloth?.load(isCheckpointed);
  litgpt?.prepare(inputs.cublasWorkspaceBytes);
  const plan = planOf(inputs.training, repeatsBatches);
  const repeats = runTraining(m, {
    plan,
    isPatched: unsloth !== undefined,
    hasRun: litgpt !== undefined,
    trainer:
      litgpt?.trainer ??
      (unsloth === undefined
        ? trainerOf(inputs.training.method, model.root)
        : unslothTrainer(unsloth)),
    strategy,
    model,
    reference,
    settings: inputs.training,
    hasAdapter: inputs.plan !== undefined,
    cublasWorkspaceBytes: inputs.cublasWorkspaceBytes,
    card: inputs.card,
    repeatsBatches,
  });
  const recording = stretch(m.tape);
  if (recording === undefined) return undefined;
  return {
    tape: m.tape,
    recording,
    sizes: sizesOf(m.tape),
    streams: streamsOf(m.tape),
    managedBytes: m.outside.peak("managed"),
    hostPeak: m.outside.peak("host"),
    repeats,
    shownStep: plan.shownStep,
    emptiesCache: emptiesCache(inputs.training),
    emptiesBefore: firstOfBackward(m.tape, inputs.training),
  };
}

function litgptOf(m: Machine, inputs: StepInputs, kernels: Kernels): LitgptRun | undefined {
  const { graph, plan, training, card, quantization: stored } = inputs;
  if (training.litgpt === undefined) return undefined;
  const use = litgptUse({ graph, plan, ...training.litgpt });
  const quantization = stored?.kind === "4bit" ? stored : undefined;
  return new LitgptRun(m, { use, graph, training, kernels, card, quantization });
}

/** Unsloth: around the originals that go to the disk; transformers' trainer, which it patches, before the first batch. */
function emptiesCache(training: TrainingSettings): RecordedStep["emptiesCache"] {
  if (training.unsloth !== undefined) return ["adapters", "batches"];
  return training.emptiesCache === true ? ["batches"] : [];
}

/** The first allocation of every backward in a step that empties the cache. Source: transformers trainer.py `training_step`. */
function firstOfBackward(
  { allocations }: Tape,
  { emptiesCacheEvery: every }: TrainingSettings,
): ReadonlySet<number> | undefined {
  if (every === undefined) return undefined;
  const first = new Map<string, number>();
  allocations.forEach(({ phase: { part, step, micro } }, index) => {
    if (part !== "backward" || step === undefined || step % every !== 0) return;
    const place = `${step} ${micro}`;
    if (!first.has(place)) first.set(place, index);
  });
  return new Set(first.values());
}

/** What DPO compares the policy with: nothing where its log-probabilities are given, else itself without adapters, else a second model. */
function referenceOf(
  m: Machine,
  model: LoadedModel,
  options: StepInputs & LoadOptions,
): BoundModule | undefined {
  const { preference } = options.training;
  if (preference === undefined || preference.precompute_ref_log_probs) return undefined;
  if (options.plan !== undefined) return withoutAdapters(model.root);
  return loadModel(m, options.graph, { ...options, role: "reference" }).root;
}

function kernelsOf(inputs: StepInputs): Kernels {
  const { liger, multiprocessors, rules, card, fusesPacked, training } = inputs;
  const torch = torchKernels(
    rules,
    fusesPacked === true
      ? (product) => fuses4bit({ ...product, sm: card.sm, multiprocessors })
      : undefined,
    card,
  );
  const own = training.fusesLora === undefined ? torch : axolotlKernels(torch);
  return liger === undefined ? own : ligerKernels(own, liger.patch, liger.on, multiprocessors);
}

function streamsOf({ allocations }: Tape): Uint8Array | undefined {
  if (allocations.every(({ stream }) => stream === undefined)) return undefined;
  return Uint8Array.from(allocations, ({ stream }) =>
    stream === undefined ? 0 : stream === "next" ? NEXT_STREAM : SAME_STREAM,
  );
}

function sizesOf({ allocations }: Tape): Float64Array {
  const sizes = new Float64Array(allocations.length);
  allocations.forEach(({ bytes }, id) => (sizes[id] = bytes));
  return sizes;
}
