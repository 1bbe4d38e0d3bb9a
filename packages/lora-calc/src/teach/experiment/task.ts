/** The experiment's pretrained network and its new task: the same function after a change of known rank. */

import { createRandom, normalMatrix } from "../algebra/random.js";
import type { Random } from "../algebra/random.js";
import { addScaled, multiply } from "../algebra/matrix.js";
import type { Matrix } from "../algebra/matrix.js";
import { lossOf, predict } from "./network.js";
import type { Examples } from "./network.js";
import { TASK_RANK } from "./plan.js";
import { missing } from "../../problem/missing.js";

/** Widths from input to output. */
const WIDTHS = [24, 32, 32, 24];
const TRAINING_SAMPLES = 2048;
const HELD_OUT_SAMPLES = 192;
/** Samples of one step. */
const BATCH = 64;
const SEED = 20;

/** Size of that change against the weights themselves. */
const CHANGE = 0.9;

export interface Task {
  /** Weights of the pretrained network, (out, in) each. */
  readonly weights: readonly Matrix[];
  readonly training: Examples;
  /** Never trained on: what the curves show. */
  readonly heldOut: Examples;
  /** Loss of the pretrained network on them. */
  readonly untrainedLoss: number;
}

/**
 * The task, the same on every machine. The wanted outputs come from a network whose weights are the pretrained ones plus,
 * in every layer, a product of rank `TASK_RANK`: so it is known which rank an adapter needs.
 */
export function createTask(): Task {
  const random = createRandom(SEED);
  const shapes = WIDTHS.slice(1).map((out, depth) => ({ out, into: WIDTHS[depth] ?? missing() }));
  const weights = shapes.map(({ out, into }) => normalMatrix(random, out, into, into ** -0.5));
  const solution = weights.map((weight) => ({ weight: changed(random, weight) }));
  const examples = (samples: number): Examples => {
    const inputs = normalMatrix(random, samples, WIDTHS[0] ?? missing(), 1);
    return { inputs, outputs: predict(solution, inputs) };
  };
  const [training, heldOut] = [examples(TRAINING_SAMPLES), examples(HELD_OUT_SAMPLES)];
  const pretrained = weights.map((weight) => ({ weight }));
  return { weights, training, heldOut, untrainedLoss: lossOf(pretrained, heldOut) };
}

/** The examples of one step: the next ones, over and over. */
export function batchOf({ training }: Task, step: number): Examples {
  const first = (step * BATCH) % TRAINING_SAMPLES;
  return { inputs: rowsOf(training.inputs, first), outputs: rowsOf(training.outputs, first) };
}

function rowsOf({ columns, values }: Matrix, first: number): Matrix {
  return {
    rows: BATCH,
    columns,
    values: values.subarray(first * columns, (first + BATCH) * columns),
  };
}

function changed(random: Random, weight: Matrix): Matrix {
  const left = normalMatrix(random, weight.rows, TASK_RANK, TASK_RANK ** -0.5);
  const right = normalMatrix(random, TASK_RANK, weight.columns, weight.columns ** -0.5);
  return addScaled(weight, multiply(left, right), CHANGE);
}
