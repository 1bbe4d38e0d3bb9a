/** What the orders of a decoder layer have in common: its call, its norms and its sums. */

import type { DecoderLayerForward } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callNorm } from "./norm.js";

export interface LayerCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DecoderLayerForward;
  /** Gets the scores of attention. */
  readonly returned: Tensor[];
}

/** The sum takes the variable of the sublayer's output. */
export function addSublayer(
  { m, frame, forward }: LayerCall,
  residual: Tensor,
  output: Tensor,
): Tensor {
  if (forward.dropsBeforeSum !== true) {
    return frame.rebind(output, addResidual(m, forward, residual, output));
  }
  const dropped = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  return frame.rebind(dropped, add(m, residual, dropped));
}

export function optionalNorm(
  m: Machine,
  module: BoundModule,
  name: string | undefined,
  hidden: Tensor,
): Tensor {
  return name === undefined ? hidden : callNorm(m, childOf(module, name), hidden);
}

export function addResidual(
  m: Machine,
  forward: DecoderLayerForward,
  residual: Tensor,
  hidden: Tensor,
): Tensor {
  const scaled = forward.scaledResidual === true ? mulScalar(m, hidden) : hidden;
  return add(m, residual, dropout(m, scaled, forward.residualDropout ?? 0));
}
