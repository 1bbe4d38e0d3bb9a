/** Updates of optimizers that torch.compile writes: what they hold meanwhile. */

import type { Warning } from "../../problem/codes.js";
import type { OptimizerName, TrainingSettings } from "../settings/training.js";

/**
 * Bytes per element of a tensor that is updated, at the most: both moments in float32, and in 4 bits their codes as 64-bit
 * indices and apart. Source: the code that TorchInductor (torch 2.13) writes of torchao 0.15 optim/adam.py `single_param_adam`
 * for the CPU; for a card it may fuse more. Certainty: read.
 */
const HELD: Partial<Readonly<Record<OptimizerName, number>>> = {
  adamw_torch_8bit: 8,
  adamw_torch_4bit: 26,
};

export function compiledUpdateWarnings({ optim }: TrainingSettings): readonly Warning[] {
  const held = HELD[optim];
  if (held === undefined) return [];
  return [
    {
      code: "partial_program",
      message: `torchao compiles the update of ${optim}; while it updates a tensor it holds up to ${held} bytes for every number of it, which are not computed`,
    },
  ];
}
