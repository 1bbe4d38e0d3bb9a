/**
 * Two optimizer steps of a training loop, more where batches differ; the later ones run with the optimizer state of the first.
 *
 * Source: transformers trainer.py `training_step`, torch `clip_grad_norm_`, `zero_grad`.
 */

import type { AttentionCard } from "../../catalogue/cuda.js";
import { backward } from "../machine/engine.js";
import type { Machine } from "../machine/machine.js";
import { cublasWorkspace } from "../machine/workspace.js";
import { divScalar, mul } from "../machine/ops/elementwise.js";
import type { Tensor } from "../machine/tensor.js";
import { reject } from "../../problem/problem.js";
import type { LoadedModel } from "../load/bind-model.js";
import { copiesApart } from "../load/trained.js";
import type { BoundModule } from "../load/bound-module.js";
import type { ForwardOptions } from "./modules/batch.js";
import type { BatchPlan } from "./batch-plan.js";
import { clipGradients } from "./optimizers/clip.js";
import { forEachParameter } from "./optimizers/each-parameter.js";
import { createOptimizer } from "./optimizers/create-optimizer.js";
import type { Optimizer } from "./optimizers/optimizer.js";
import type { Strategy } from "./strategies/strategy.js";
import type { Trainer } from "./trainers/trainer.js";
import { LossScaler } from "./optimizers/loss-scaler.js";
import { recordBatches, repeatBatches } from "../repeat/repeat-batches.js";
import type { BatchesRecord, LoopVariables } from "../repeat/repeat-batches.js";
import { autocastDtype } from "../settings/training.js";
import type { TrainingSettings } from "../settings/training.js";

/** Unsloth's forwards have attention of their own. */
const KERNEL_OF: Readonly<
  Record<TrainingSettings["attn_implementation"], ForwardOptions["attention"]>
> = { sdpa: "sdpa", eager: "eager", flash_attention_2: "flash", xformers: "sdpa" };

export interface TrainingRun {
  readonly trainer: Trainer;
  readonly strategy: Strategy;
  readonly model: LoadedModel;
  readonly reference: BoundModule | undefined;
  readonly settings: TrainingSettings;
  readonly hasAdapter: boolean;
  /** One workspace in forward and one in backward: the backward runs in a thread of its own. */
  readonly cublasWorkspaceBytes: number;
  readonly card: AttentionCard;
  /** The stack has forwards of its own, whose first step does what no other does, and which need a graph from the embedding on. */
  readonly isPatched: boolean;
  /** A forward ran before the first batch. */
  readonly hasRun: boolean;
  readonly plan: BatchPlan;
  /** Micro-batches that do what others did are written once more instead of run. */
  readonly repeatsBatches: boolean;
}

/** With the scaler that fp16 needs. */
interface ScaledRun extends TrainingRun {
  readonly scaler?: LossScaler;
}

/** Returns how often the replay is to repeat the last micro-batch of every step. */
export function runTraining(m: Machine, run: TrainingRun): number {
  const { optim, unsloth } = run.settings;
  const { trained } = run.model;
  const optimizer = createOptimizer(
    optim,
    unsloth?.ratesCopies === true ? copiesApart(trained) : trained,
  );
  const scaledRun: ScaledRun = run.settings.fp16 ? { ...run, scaler: new LossScaler(m) } : run;
  const variables: LoopVariables = { loss: undefined, batch: [], outputs: [] };
  let first: BatchesRecord | undefined;
  for (const step of run.plan.steps.keys()) {
    if (first === undefined) {
      const before = recordBatches(m, run.model.trained.parameters, variables);
      runMicroBatches(m, scaledRun, step, variables);
      // Gradients that stay are added to in the second step.
      const isLikeLater = run.settings.set_to_none && !run.isPatched;
      if (leavesNoGraph(run) && isLikeLater) first = before.end();
    } else {
      repeatBatches(m, first, variables, (phase) => ({ ...phase, step }));
    }
    finishStep(m, { ...scaledRun, optimizer }, step, variables);
  }
  return repeatsOf(run);
}

/** The Trainer's micro-batches keep their loss without its graph; a hand-written loop keeps outputs, and all is run. */
function leavesNoGraph({ settings, plan, repeatsBatches }: TrainingRun): boolean {
  return repeatsBatches && plan.areEqual && settings.loop === "trainer";
}

function runMicroBatches(m: Machine, run: ScaledRun, step: number, variables: LoopVariables): void {
  let second: BatchesRecord | undefined;
  for (const [micro, length] of (run.plan.steps[step] ?? []).entries()) {
    m.tape.markLap("start");
    if (second !== undefined) {
      repeatBatches(m, second, variables, (phase) => ({ ...phase, micro }));
      continue;
    }
    const before = recordBatches(m, [], variables);
    runMicroBatch(m, run, { step, micro, length }, variables);
    if (micro === 1 && leavesNoGraph(run)) second = before.end();
  }
  m.tape.markLap("end");
}

/**
 * How often the replay repeats the last micro-batch. The Trainer's leave nothing behind: more than three only shuffle the
 * free blocks (over 130 drawn runs of 3 to 12, reserved memory moved twice, by one segment of 2 MiB; allocated memory never).
 * Hand-written loops keep outputs, which pushes what follows to and fro between two places.
 */
function repeatsOf(run: TrainingRun): number {
  const { gradient_accumulation_steps: count, loop } = run.settings;
  return loop === "trainer" ? 0 : count - (run.plan.steps[0]?.length ?? count);
}

function finishStep(
  m: Machine,
  { settings, model, scaler, optimizer }: ScaledRun & { readonly optimizer: Optimizer },
  step: number,
  variables: LoopVariables,
): void {
  let found: Tensor | undefined;
  if (settings.max_grad_norm > 0) {
    m.tape.phase = { step, part: "clip" };
    const infinite = scaler?.unscale(m);
    clipGradients(m, model.trained.parameters);
    found = infinite;
  }
  m.tape.phase = { step, part: "optimizer" };
  if (settings.max_grad_norm === 0) found = scaler?.unscale(m);
  m.kind = "optimizer";
  optimizer.step(m);
  m.tape.phase = { step, part: "zero_grad" };
  m.kind = "activations";
  if (settings.set_to_none) {
    forEachParameter(m, model.trained.parameters, (parameter, gradient) => {
      parameter.grad = undefined;
      m.release(gradient);
    });
  }
  if (variables.loss !== undefined) m.release(variables.loss);
  for (const tensor of variables.batch) m.release(tensor);
  variables.loss = undefined;
  variables.batch = [];
  if (found !== undefined) m.release(found);
  if (settings.loop !== "function") return;
  for (const output of variables.outputs) m.release(output);
  variables.outputs = [];
}

/** Which micro-batch of which step. */
interface Place {
  readonly step: number;
  readonly micro: number;
  /** Of its sequences. Unit: tokens. */
  readonly length: number;
}

/** The first one of the run also makes workspaces. */
function isFirst({ step, micro }: Place): boolean {
  return step === 0 && micro === 0;
}

function runMicroBatch(m: Machine, run: ScaledRun, place: Place, variables: LoopVariables): void {
  const { settings, model } = run;
  const { step, micro, length } = place;
  m.tape.phase = { step, micro, part: "batch" };
  m.kind = "batch";
  const batch = run.trainer(m, { ...settings, max_length: length }, model.root);
  for (const tensor of variables.batch) m.release(tensor);
  variables.batch = batch.tensors;
  m.tape.phase = { step, micro, part: "forward" };
  m.kind = "activations";
  if (isFirst(place) && !run.hasRun) cublasWorkspace(m, run.cublasWorkspaceBytes);
  run.strategy.beforeForward(m, model, micro);
  const [loss, ...outputs] = batch.loss(m, {
    policy: model.root,
    reference: run.reference,
    options: forwardOptions(run),
    autocast: autocastDtype(settings),
    convertsOutputs: autocastDtype(settings) !== undefined && settings.loop === "trainer",
  });
  if (loss === undefined) throw new Error("no loss");
  for (const tensor of [loss, ...outputs]) m.retain(tensor);
  if (variables.loss !== undefined) m.release(variables.loss);
  variables.loss = loss;
  const dropped = settings.loop === "trainer" ? outputs : variables.outputs;
  if (settings.loop !== "trainer") variables.outputs = outputs;
  for (const output of dropped) m.release(output);
  runBackward(m, run, place, loss);
  if (batch.holdsLoss === true) {
    m.release(loss);
    variables.loss = undefined;
    return;
  }
  if (settings.loop === "trainer") {
    // Trainer.training_step returns loss.detach(): the graph and what its nodes hold are gone.
    variables.loss = m.retain(m.alias(loss));
    m.release(loss);
  }
}

function runBackward(m: Machine, run: ScaledRun, place: Place, loss: Tensor): void {
  if (loss.producer === undefined) rejectUntrained(run);
  const { step, micro } = place;
  m.tape.phase = { step, micro, part: "backward" };
  if (isFirst(place)) cublasWorkspace(m, run.cublasWorkspaceBytes);
  const mean = divScalar(m, loss);
  const scaled = m.retain(run.scaler === undefined ? mean : mul(m, mean, run.scaler.scale));
  backward(m, [[scaled, m.empty("ones_like", [], scaled.dtype)]]);
  m.leaveSection();
  m.release(scaled);
  for (const { grad } of run.model.trained.parameters) {
    if (grad !== undefined) m.markAs(grad, "gradients");
  }
}

/** What trains, if anything, is not between the batch and the loss. */
function rejectUntrained({ hasAdapter, settings: { loss } }: TrainingRun): never {
  const raised = "PyTorch raises RuntimeError: element 0 of tensors does not require grad";
  reject({
    code: "invalid_value",
    path: hasAdapter ? "adapter.target_modules" : "training.prepare_kbit",
    message: hasAdapter
      ? `nothing that this adapter trains takes part in the loss (${raised}); ${loss} reads the weight of the output embedding past its adapter: target other modules, or set training.loss to nll`
      : `prepare_model_for_kbit_training freezes every weight, and without an adapter nothing trains (${raised}); give an adapter, or set training.prepare_kbit to false`,
    received: hasAdapter ? "no gradient" : true,
  });
}

function forwardOptions({ settings, hasAdapter, card, isPatched }: TrainingRun): ForwardOptions {
  const { use_reentrant: isReentrant, selective_checkpointing: isSelective } = settings;
  const isAsked = settings.gradient_checkpointing || settings.inputsRequireGrad === true;
  const kind = isReentrant ? "reentrant" : isSelective ? "selective" : "non_reentrant";
  return {
    attention: KERNEL_OF[settings.attn_implementation],
    card,
    checkpointing: settings.gradient_checkpointing ? kind : "none",
    inputRequiresGrad: (isAsked || isPatched) && hasAdapter,
  };
}
