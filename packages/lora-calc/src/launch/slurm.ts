/** A batch script of Slurm. */

import type { Engine } from "./engine.js";
import { torchrun } from "./engine.js";

const MEETING = [
  '--nnodes="$SLURM_NNODES"',
  '--rdzv-id="$SLURM_JOB_ID"',
  "--rdzv-backend=c10d",
  '--rdzv-endpoint="$FIRST_NODE:29500"',
];

export const SLURM: Engine = {
  release: "Slurm 24.05 and later",
  fileName: "train.sbatch",
  command: "sbatch train.sbatch",
  toFill: "--time, and --partition or --account where your cluster asks for them",
  write: (job) =>
    [
      "#!/bin/bash",
      "#SBATCH --job-name=lora",
      `#SBATCH --nodes=${job.nodes}`,
      "#SBATCH --ntasks-per-node=1",
      `#SBATCH --gpus-per-node=${job.cards}`,
      "#SBATCH --time=08:00:00",
      "#SBATCH --output=%x-%j.out",
      "set -euo pipefail",
      ...(job.nodes === 1
        ? []
        : [
            'FIRST_NODE=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)',
            "export FIRST_NODE",
          ]),
      `srun ${torchrun(job, MEETING)}`,
      "",
    ].join("\n"),
};
