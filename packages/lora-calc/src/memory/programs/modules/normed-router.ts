/** The router of experts that stand beside an MLP. */

import type { NormedRouterForward } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { mul, mulScalar } from "../../machine/ops/elementwise.js";
import { index } from "../../machine/ops/indexing.js";
import { largest, sumDim } from "../../machine/ops/reduce.js";
import { divideInPlace } from "../../machine/ops/routing.js";
import { softmax } from "../../machine/ops/softmax.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** Shares of all experts, and of every token the weights and places (tokens, chosen) of those that are taken. */
export function callNormedRouter(
  m: Machine,
  module: BoundModule,
  forward: NormedRouterForward,
  hidden: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  return m.call(module.path, [hidden], (frame): readonly [Tensor, Tensor, Tensor] => {
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), hidden));
    const scaled = mulScalar(m, mul(m, normed, parameterOf(module, forward.scale)));
    const rows = frame.rebind(normed, scaled);
    const scores = frame.hold(callLinear(m, childOf(module, forward.projection), rows));
    const shares = frame.hold(softmax(m, scores, { dtype: "float32" }));
    const [taken, places] = largest(m, shares, "topk", forward.chosen);
    frame.hold(taken);
    frame.hold(places);
    const total = sumDim(m, taken, -1, { keepsDim: true });
    const weights = frame.rebind(taken, divideInPlace(m, taken, total));
    const flat = frame.hold(reshape(m, places, [-1]));
    const perExpert = index(m, parameterOf(module, forward.expertScale), flat);
    const factors = view(m, perExpert, places.shape);
    return [shares, frame.rebind(weights, mul(m, weights, factors)), places];
  });
}
