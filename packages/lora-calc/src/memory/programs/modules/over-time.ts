/** Convolutions over time, channel by channel, and what layers with a state do about padding. */

import type { Activation } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { depthwiseConvolution } from "../../machine/ops/convolution.js";
import { mul } from "../../machine/ops/elementwise.js";
import { slice, unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/**
 * `act(conv1d(x)[:, :, :s])`: (b, channels, s) → the same. The function is given `weight.squeeze(1)`, whose cast autocast
 * does not remember.
 */
export function overTime(
  m: Machine,
  module: BoundModule,
  x: Tensor,
  activation?: Activation,
): Tensor {
  return m.frame((frame) => {
    const own = parameterOf(module, "weight");
    const weight = frame.hold(view(m, own, own.shape));
    const bias = module.parameters.get("bias");
    const wide = m.frame((inner) =>
      depthwiseConvolution(m, inner.hold(cast(m, x, weight.dtype)), weight, bias),
    );
    const cut = frame.hold(slice(m, wide, -1, [0, x.size(-1)]));
    if (activation === undefined) return cast(m, cut, x.dtype);
    const activated = m.call("activation", [cut], () => activate(m, activation, cut));
    return cast(m, frame.rebind(cut, activated), x.dtype);
  });
}

/** `(hidden * mask[:, :, None]).to(hidden.dtype)`. */
export function withoutPadding(m: Machine, hidden: Tensor, padding: Tensor | undefined): Tensor {
  if (padding === undefined) return hidden;
  return cast(m, mul(m, hidden, unsqueeze(m, padding, 2)), hidden.dtype);
}
