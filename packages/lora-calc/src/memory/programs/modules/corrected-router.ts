/** Routers that take experts by corrected scores, and weigh them by the scores themselves. */

import type { CorrectedRouterForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { clamp, sigmoid } from "../../machine/ops/activations.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { add, addScalar, div, mulScalar } from "../../machine/ops/elementwise.js";
import { gatherLast } from "../../machine/ops/indexing.js";
import { linear } from "../../machine/ops/matmul.js";
import { largest, sumDim } from "../../machine/ops/reduce.js";
import { divideInPlace } from "../../machine/ops/routing.js";
import { softmax } from "../../machine/ops/softmax.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAdapted } from "./adapted-parameters.js";
import { flat, linearInFp32 } from "./router-input.js";

interface RouterCall {
  readonly m: Machine;
  readonly module: BoundModule;
  readonly forward: CorrectedRouterForward;
}

/** Logits, and of every token the weights and places (tokens, chosen) of the experts that are taken. */
export function callCorrected(
  call: RouterCall,
  hidden: Tensor,
  ofBlock: ReadonlyMap<string, Tensor>,
): readonly [Tensor, Tensor, Tensor] {
  const { m, module, forward } = call;
  const { chosen, scores: kind } = forward;
  const isApart = kind === "softmax_fp32";
  return callAdapted(m, module, [hidden], (read) =>
    m.frame((frame): readonly [Tensor, Tensor, Tensor] => {
      const inForce = <Result>(body: () => Result): Result =>
        isApart ? withAutocast(m, undefined, body) : body();
      const [logits, weights, places] = inForce((): readonly [Tensor, Tensor, Tensor] => {
        const rows = flat(m, frame, hidden);
        const scored = isApart
          ? linearInFp32(m, rows, () => read("weight"))
          : linear(m, rows, read("weight"));
        const raw = frame.hold(scored);
        const scores = frame.hold(scoresOf(m, kind, raw));
        const { correction, keepsScores = false } = forward;
        const corrected = addCorrection(call, scores, ofBlock);
        // What a child gives has no variable.
        if (correction?.of === "block") frame.hold(corrected);
        const [best, at] = largest(m, corrected, "topk", chosen);
        frame.hold(best);
        frame.hold(at);
        const gathered = (): Tensor => frame.hold(gatherLast(m, scores, at));
        const taken = correction === undefined ? best : gathered();
        if (correction !== undefined && !keepsScores) frame.drop(scores);
        const shares = frame.rebind(taken, normalized(m, forward, taken));
        const { isScaled = false } = forward;
        return [raw, isScaled ? frame.rebind(shares, mulScalar(m, shares)) : shares, at];
      });
      return [logits, isApart ? cast(m, weights, hidden.dtype) : weights, places];
    }),
  );
}

function scoresOf(m: Machine, kind: CorrectedRouterForward["scores"], logits: Tensor): Tensor {
  if (kind === "softmax_fp32") return softmax(m, logits, { dtype: "float32" });
  return sigmoid(m, kind === "sigmoid_fp32" ? cast(m, logits, "float32") : logits);
}

function addCorrection(
  { m, module, forward: { correction } }: RouterCall,
  scores: Tensor,
  ofBlock: ReadonlyMap<string, Tensor>,
): Tensor {
  if (correction === undefined) return scores;
  if (correction.of === "block") {
    return add(m, scores, ofBlock.get(correction.buffer) ?? missing());
  }
  const child = childOf(module, correction.child);
  const row = parameterOf(child, correction.parameter);
  return m.call(child.path, [scores], () => add(m, scores, view(m, row, [row.size(-1)])));
}

function normalized(m: Machine, { normalizes }: CorrectedRouterForward, taken: Tensor): Tensor {
  if (normalizes === undefined) return taken;
  const total = sumDim(m, taken, -1, { keepsDim: true });
  if (normalizes === "in_place") return divideInPlace(m, taken, total);
  const divisor = normalizes === "clamped" ? clamp(m, total, ["ge"]) : addScalar(m, total);
  return div(m, taken, divisor);
}
