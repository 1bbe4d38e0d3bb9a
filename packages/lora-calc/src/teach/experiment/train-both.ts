/** Both runs of the experiment side by side, told step by step: whoever listens decides when to go on. */

import { percentFewer } from "../facts/percent-fewer.js";
import {
  energyShares,
  heldOutLoss,
  startFullRun,
  startLoraRun,
  stepRun,
  updateOf,
} from "./experiment.js";
import type { AdapterSettings, Run } from "./experiment.js";
import { EXPERIMENT_STEPS, TASK_RANK } from "./plan.js";
import { createTask } from "./task.js";

export interface Progress {
  /** Optimizer steps that are done. */
  readonly step: number;
  /** Error on unseen examples, 1 before training. */
  readonly full: number;
  readonly lora: number;
}

export interface Outcome {
  readonly fullTrainable: number;
  readonly loraTrainable: number;
  /** Of full training's count. */
  readonly loraPercent: number;
  /** Error left after the last step, in percent of the pretrained network's. */
  readonly fullLeft: number;
  readonly loraLeft: number;
  /** Share of full training's change in the middle layer that lies in as many directions as the task has. Unit: percent. */
  readonly topPercent: number;
  readonly topDirections: number;
  readonly directions: number;
}

/** Steps between two reports. */
const STRIDE = 5;
const MIDDLE = 1;

/** Trains both; yields the errors now and then, and returns what came of it. */
export function* trainBoth(settings: AdapterSettings): Generator<Progress, Outcome> {
  const task = createTask();
  let full = startFullRun(task);
  let lora = startLoraRun(task, settings);
  const now = (step: number): Progress => ({
    step,
    full: heldOutLoss(full, task),
    lora: heldOutLoss(lora, task),
  });
  for (let step = 0; step < EXPERIMENT_STEPS; step++) {
    if (step % STRIDE === 0) yield now(step);
    full = stepRun(full, task);
    lora = stepRun(lora, task);
  }
  const last = now(EXPERIMENT_STEPS);
  yield last;
  return outcomeOf({ full, lora }, last, energyShares(updateOf(full, task, MIDDLE)));
}

function outcomeOf(
  runs: { readonly full: Run; readonly lora: Run },
  last: Progress,
  shares: readonly number[],
): Outcome {
  const top = shares.slice(0, TASK_RANK).reduce((sum, share) => sum + share, 0);
  return {
    fullTrainable: runs.full.trainable,
    loraTrainable: runs.lora.trainable,
    loraPercent: 100 - percentFewer(runs.full.trainable, runs.lora.trainable),
    fullLeft: 100 * last.full,
    loraLeft: 100 * last.lora,
    topPercent: 100 * top,
    topDirections: TASK_RANK,
    directions: shares.length,
  };
}
