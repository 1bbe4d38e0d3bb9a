/** A gated convolution over a few tokens, in place of attention. */

import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { mul } from "../../machine/ops/elementwise.js";
import { chunkDim } from "../../machine/ops/split.js";
import { contiguous, transpose } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { overTime, withoutPadding } from "./over-time.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callShortConvolution(
  m: Machine,
  module: BoundModule,
  given: Tensor,
  { padding }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "short_convolution") throw new Error(`${module.path} is no convolution`);
  return m.call(module.path, [given], (frame) => {
    const hidden = frame.hold(withoutPadding(m, given, padding));
    const projected = callLinear(m, childOf(module, forward.input), hidden);
    const all = frame.hold(transpose(m, projected, -1, -2));
    const [first, second, third] = chunkDim(m, all, -2, 3);
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error("chunk gave too few parts");
    }
    for (const part of [first, second, third]) frame.hold(part);
    const mixed = frame.rebind(hidden, mul(m, first, third));
    const convolved = frame.rebind(mixed, overTime(m, childOf(module, forward.convolution), mixed));
    const opened = frame.hold(mul(m, second, convolved));
    const rows = frame.rebind(opened, contiguous(m, transpose(m, opened, -1, -2)));
    return callLinear(m, childOf(module, forward.output), rows);
  });
}
