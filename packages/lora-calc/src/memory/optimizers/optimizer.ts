/** Optimizers: the state they create at the first step, and what a step needs besides. */

import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { OptimizerName } from "../training.js";
import { torchAdamw } from "./adamw-torch.js";

export interface Optimizer {
  readonly step: (m: Machine) => void;
}

type Create = (parameters: readonly Tensor[]) => Optimizer;

const OPTIMIZERS: Readonly<Partial<Record<OptimizerName, Create>>> = {
  adamw_torch_fused: (parameters) => torchAdamw(parameters, "fused"),
  adamw_torch: (parameters) => torchAdamw(parameters, "foreach"),
};

export function createOptimizer(
  _m: Machine,
  name: OptimizerName,
  parameters: readonly Tensor[],
): Optimizer {
  const create = OPTIMIZERS[name];
  if (create === undefined) throw new Error(`optimizer ${name} has no program`);
  return create(parameters);
}
