/** The live experiment: one task learned twice, by training every weight and by training adapters of a rank. */

import { addScaled, matrixOf, sumOfSquares } from "../algebra/matrix.js";
import type { Matrix } from "../algebra/matrix.js";
import { createRandom, normalMatrix } from "../algebra/random.js";
import { decompose } from "../algebra/decompose.js";
import { scalingOf } from "../facts/scaling.js";
import type { ScalingRule } from "../facts/scaling.js";
import { startAdam, stepAdam } from "./adam.js";
import type { AdamState } from "./adam.js";
import { gradientsOf, lossOf, mergedWeight, trainableOf, withTrainable } from "./network.js";
import type { Layer } from "./network.js";
import { batchOf } from "./task.js";
import type { Task } from "./task.js";

export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly rule: ScalingRule;
}

/** One network on its way. */
export interface Run {
  readonly layers: readonly Layer[];
  readonly optimizer: AdamState;
  /** Numbers that the optimizer changes. */
  readonly trainable: number;
}

/** The same for both runs; a search from 0.003 to 0.03 found it good for either in this small network. */
const LEARNING_RATE = 0.02;
const ADAPTER_SEED = 7;

/** Full fine-tuning of the pretrained network. */
export function startFullRun({ weights }: Task): Run {
  return startRun(weights.map((weight) => ({ weight })));
}

/** LoRA on every layer: A drawn at random, B zero, so that the first step starts from the pretrained function. */
export function startLoraRun({ weights }: Task, { rank, alpha, rule }: AdapterSettings): Run {
  const random = createRandom(ADAPTER_SEED);
  const layers = weights.map((weight) => ({
    weight,
    adapter: {
      a: normalMatrix(random, rank, weight.columns, weight.columns ** -0.5),
      b: matrixOf(weight.rows, rank, () => 0),
      scaling: scalingOf(rule, alpha, rank),
    },
  }));
  return startRun(layers);
}

function startRun(layers: readonly Layer[]): Run {
  const parameters = layers.flatMap(trainableOf);
  return {
    layers,
    optimizer: startAdam(parameters),
    trainable: parameters.reduce((sum, { values }) => sum + values.length, 0),
  };
}

/** The run after one optimizer step on the next examples. */
export function stepRun(run: Run, task: Task): Run {
  const examples = batchOf(task, run.optimizer.step);
  const gradients = gradientsOf(run.layers, examples).layers.flat();
  const parameters = run.layers.flatMap(trainableOf);
  const update = stepAdam(run.optimizer, parameters, gradients, LEARNING_RATE);
  const rest = [...update.parameters];
  const layers = run.layers.map((layer) =>
    withTrainable(layer, rest.splice(0, trainableOf(layer).length)),
  );
  return { ...run, layers, optimizer: update.state };
}

/** Error on examples that were not trained on, as a share of the pretrained network's error. */
export function heldOutLoss(run: Run, { heldOut, untrainedLoss }: Task): number {
  return lossOf(run.layers, heldOut) / untrainedLoss;
}

/** What training added to a layer's weight: for LoRA scaling · B·A. */
export function updateOf(run: Run, { weights }: Task, depth: number): Matrix {
  const layer = run.layers[depth];
  const weight = weights[depth];
  if (layer === undefined || weight === undefined) throw new Error(`no layer ${depth}`);
  return addScaled(mergedWeight(layer), weight, -1);
}

/** Share of an update's energy that its first directions hold, one entry per direction. */
export function energyShares(update: Matrix): readonly number[] {
  const total = sumOfSquares(update);
  return decompose(update).values.map((value) => (total === 0 ? 0 : (value * value) / total));
}
