/** Every engine whose file is written. */

import { ACCELERATE } from "./accelerate.js";
import { HF_JOBS } from "./hf-jobs.js";
import { KUBEFLOW } from "./kubeflow.js";
import { SKYPILOT } from "./skypilot.js";
import { SLURM } from "./slurm.js";

export const ENGINES = {
  accelerate: ACCELERATE,
  slurm: SLURM,
  skypilot: SKYPILOT,
  kubeflow: KUBEFLOW,
  "hf-jobs": HF_JOBS,
} as const;

export type LaunchEngine = keyof typeof ENGINES;
