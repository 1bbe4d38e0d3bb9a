/**
 * A convolution over time beside the first layer of an encoder.
 *
 * Source: transformers models/deberta_v2/modeling_deberta_v2.py `ConvLayer`.
 */

import type { BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { convolutionOverTime } from "../../machine/ops/convolution.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mul, pointwise } from "../../machine/ops/elementwise.js";
import { maskedFillInPlace } from "../../machine/ops/masked.js";
import { contiguous, expand, permute, unsqueeze } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callNorm } from "./norm.js";

interface Inputs {
  /** What the encoder was given: (b, s, hidden_size). */
  readonly hidden: Tensor;
  /** What its first layer gives. */
  readonly residual: Tensor;
  /** (b, s): one, or zero for padding. */
  readonly mask: Tensor;
}

/** `norm(residual + act(dropout(conv(hidden)))) * mask`. */
export function callConvolutionLayer(
  m: Machine,
  module: BoundModule,
  { hidden, residual, mask }: Inputs,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "convolution_layer") throw new Error(`${module.path} has no convolution`);
  return m.call(module.path, [hidden, residual, mask], (frame) => {
    const convolved = convolve(m, childOf(module, forward.convolution), hidden);
    const given = frame.hold(contiguous(m, permute(m, convolved, [0, 2, 1])));
    const inverted = pointwise(m, "rsub", [m.alias(mask)], mask.dtype);
    const isPadding = frame.hold(pointwise(m, "_to_copy", [inverted], "bool"));
    const everywhere = expand(m, unsqueeze(m, isPadding, -1), given.shape);
    const filled = frame.rebind(given, maskedFillInPlace(m, given, everywhere));
    const dropped = dropout(m, filled, forward.dropout);
    const out = frame.rebind(filled, activate(m, forward.activation, dropped));
    const sum = frame.hold(add(m, residual, out));
    const output = frame.hold(cast(m, callNorm(m, childOf(module, forward.norm), sum), sum.dtype));
    const factors = frame.hold(cast(m, unsqueeze(m, m.alias(mask), 2), output.dtype));
    return mul(m, output, factors);
  });
}

/** (b, s, hidden_size) → (b, hidden_size, s). */
function convolve(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const [weight, bias] = ["weight", "bias"].map((name) => parameterOf(module, name));
  if (weight === undefined || bias === undefined) throw new Error(`${module.path} lost a tensor`);
  const perChannel = contiguous(m, permute(m, hidden, [0, 2, 1]));
  return m.call(module.path, [perChannel], () => convolutionOverTime(m, perChannel, weight, bias));
}
