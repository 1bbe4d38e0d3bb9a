/** The activation of an MLP, a module of its own. */

import type { Activation } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import type { Tensor } from "../../machine/tensor.js";

interface Activating {
  readonly activation: Activation;
  readonly activationName?: string;
}

export function callActivation(
  m: Machine,
  module: BoundModule,
  { activation, activationName = "act_fn" }: Activating,
  input: Tensor,
): Tensor {
  return m.call(`${module.path}.${activationName}`, [input], () => activate(m, activation, input));
}
