/** The activation of an MLP, a module of its own. */

import type { Activation } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import type { Tensor } from "../../machine/tensor.js";

export function callActivation(
  m: Machine,
  module: BoundModule,
  activation: Activation,
  input: Tensor,
): Tensor {
  return m.call(`${module.path}.act_fn`, [input], () => activate(m, activation, input));
}
