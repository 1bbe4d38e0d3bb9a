/** The activation of an MLP, a module of its own. */

import type { Activation } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { xielu } from "../../machine/ops/xielu.js";
import type { Tensor } from "../../machine/tensor.js";

interface Activating {
  readonly activation: Activation | "xielu";
  readonly activationName?: string;
}

export function callActivation(
  m: Machine,
  module: BoundModule,
  { activation, activationName = "act_fn" }: Activating,
  input: Tensor,
): Tensor {
  return m.call(`${module.path}.${activationName}`, [input], () => {
    if (activation !== "xielu") return activate(m, activation, input);
    const learned = childOf(module, activationName);
    const [positive, negative] = ["alpha_p", "alpha_n"].map((name) => parameterOf(learned, name));
    const eps = learned.buffers.get("eps");
    if (!positive || !negative || !eps) throw new Error(`${learned.path} lost a tensor`);
    return xielu(m, { positive, negative, eps }, input);
  });
}
