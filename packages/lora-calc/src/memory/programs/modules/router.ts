/**
 * What chooses the experts of every token.
 *
 * Source: transformers models/qwen3_moe/modeling_qwen3_moe.py `Qwen3MoeTopKRouter`, models/mixtral, models/gpt_oss,
 * models/granitemoe, models/deepseek_v3.
 */

import type { GroupedRouterForward, SharesRouterForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { sigmoid } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { add, addScalar, mulScalar } from "../../machine/ops/elementwise.js";
import { gatherLast } from "../../machine/ops/indexing.js";
import { maskedFill } from "../../machine/ops/masked.js";
import { linear } from "../../machine/ops/matmul.js";
import { largest, sumDim } from "../../machine/ops/reduce.js";
import { divideInPlace } from "../../machine/ops/routing.js";
import { softmax } from "../../machine/ops/softmax.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAdapted } from "./adapted-parameters.js";
import { callCorrected } from "./corrected-router.js";
import { callNormedRouter } from "./normed-router.js";
import { flat, linearInFp32 } from "./router-input.js";

/** Scores of all experts, and of every token the weights and places (tokens, chosen) of those that are taken. */
export function callRouter(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  ofBlock: ReadonlyMap<string, Tensor> = new Map(),
): readonly [Tensor, Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind === "corrected_router") {
    return callCorrected({ m, module, forward }, hidden, ofBlock);
  }
  if (forward?.kind === "normed_router") return callNormedRouter(m, module, forward, hidden);
  if (forward?.kind === "grouped_router") return callGrouped(m, module, forward, hidden);
  if (forward?.kind === "shares_router") return callShares(m, module, forward, hidden);
  if (forward?.kind !== "router") throw new Error(`${module.path} is not a router`);
  const { chosen, normalizes, softmaxLast, keepsFp32 = false } = forward;
  return callAdapted(m, module, [hidden], (read) =>
    m.frame((frame): readonly [Tensor, Tensor, Tensor] => {
      const rows = flat(m, frame, hidden);
      const bias = module.parameters.has("bias") ? read("bias") : undefined;
      const scores = frame.hold(linear(m, rows, read("weight"), bias));
      if (softmaxLast === "in_fp32") {
        const wide = frame.rebind(scores, cast(m, scores, "float32"));
        const [best, at] = largest(m, wide, "topk", chosen);
        frame.hold(at);
        return [wide, cast(m, softmax(m, frame.hold(best)), rows.dtype), at];
      }
      if (softmaxLast === "as_scored") {
        const [best, at] = largest(m, scores, "topk", chosen);
        frame.hold(at);
        return [scores, softmax(m, frame.hold(best)), at];
      }
      const shares = frame.hold(
        keepsFp32
          ? softmax(m, cast(m, scores, "float32"))
          : softmax(m, scores, { dtype: "float32" }),
      );
      const [taken, places] = largest(m, shares, "topk", chosen);
      frame.hold(places);
      let values = frame.hold(taken);
      if (normalizes) {
        const total = sumDim(m, values, -1, { keepsDim: true });
        values = frame.rebind(values, divideInPlace(m, values, total));
      }
      if (!keepsFp32) values = frame.rebind(values, cast(m, values, scores.dtype));
      return [scores, values, places];
    }),
  );
}

function callGrouped(
  m: Machine,
  module: BoundModule,
  forward: GroupedRouterForward,
  hidden: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  return callAdapted(m, module, [hidden], (read) =>
    m.frame((frame): readonly [Tensor, Tensor, Tensor] => {
      const rows = flat(m, frame, hidden);
      const logits = frame.hold(linearInFp32(m, rows, () => read("weight")));
      const scores = frame.hold(sigmoid(m, logits));
      const correction = module.buffers.get(forward.correction) ?? missing();
      const corrected = frame.hold(add(m, scores, correction));
      const allowed = frame.rebind(
        corrected,
        maskedFill(m, corrected, outsiders(m, frame, forward, corrected)),
      );
      const [best, places] = largest(m, allowed, "topk", forward.chosen);
      m.consume(best);
      frame.hold(places);
      let weights = frame.hold(gatherLast(m, scores, places));
      if (forward.normalizes) {
        const total = frame.hold(addScalar(m, sumDim(m, weights, -1, { keepsDim: true })));
        weights = frame.rebind(weights, divideInPlace(m, weights, total));
      }
      return [logits, mulScalar(m, weights), places];
    }),
  );
}

function callShares(
  m: Machine,
  module: BoundModule,
  { chosen, groups }: SharesRouterForward,
  hidden: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  return callAdapted(m, module, [hidden], (read) =>
    m.frame((frame): readonly [Tensor, Tensor, Tensor] => {
      const rows = flat(m, frame, hidden);
      const logits = frame.hold(linearInFp32(m, rows, () => read("weight")));
      let shares = frame.hold(softmax(m, logits, { dtype: "float32" }));
      if (groups !== undefined) {
        const [tokens, experts] = [shares.size(0), shares.size(1)];
        const cut = view(m, shares, [tokens, groups.count, experts / groups.count]);
        const [best, at] = largest(m, cut, "max", 1);
        m.consume(at);
        const perGroup = frame.hold(view(m, best, [tokens, groups.count]));
        const mask = groupMask(m, frame, { groups: groups.count, taken: groups.taken }, [
          perGroup,
          shares,
        ]);
        shares = frame.rebind(shares, maskedFill(m, shares, mask));
      }
      const [taken, places] = largest(m, shares, "topk", chosen);
      frame.hold(places);
      const weights = frame.hold(taken);
      return [logits, mulScalar(m, weights), places];
    }),
  );
}

/** Experts outside the groups with the best pairs of scores; what it is made of stays until the router returns. */
function outsiders(
  m: Machine,
  frame: Frame,
  { groups, groupsTaken }: GroupedRouterForward,
  scores: Tensor,
): Tensor {
  const [tokens, experts] = [scores.size(0), scores.size(1)];
  const [pair, at] = largest(m, view(m, scores, [tokens, groups, experts / groups]), "topk", 2);
  m.consume(at);
  const perGroup = frame.hold(m.frame((inner) => sumDim(m, inner.hold(pair), -1)));
  return groupMask(m, frame, { groups, taken: groupsTaken }, [perGroup, scores]);
}

/** True where an expert's group is not taken; what it is made of stays until the router returns. */
function groupMask(
  m: Machine,
  frame: Frame,
  { groups, taken: count }: { readonly groups: number; readonly taken: number },
  [perGroup, scores]: readonly [Tensor, Tensor],
): Tensor {
  const [taken, chosen] = largest(m, perGroup, "topk", count);
  m.consume(taken);
  frame.hold(chosen);
  const inGroup = frame.hold(m.empty("zeros_like", perGroup.shape, perGroup.dtype));
  const isAlone = groups === 1;
  frame.hold(
    isAlone
      ? m.alias(inGroup, scores.shape, [1, 0])
      : m.empty("clone", scores.shape, perGroup.dtype),
  );
  return m.frame((inner) => {
    inner.hold(m.empty("_to_copy", scores.shape, "bool"));
    return m.empty("bitwise_not", scores.shape, "bool");
  });
}
