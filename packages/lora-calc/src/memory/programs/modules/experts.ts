/**
 * All experts of a block at once: they lie in two parameters, the tokens are put in the order of their experts, and one grouped
 * product per parameter computes them.
 *
 * Source: transformers integrations/moe.py `grouped_mm_experts_forward`, models/gpt_oss.
 */

import type { ExpertsForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { activate, clamp, sigmoid } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { addInPlace, addScalar, mul, mulScalar } from "../../machine/ops/elementwise.js";
import { index } from "../../machine/ops/indexing.js";
import { sumDim } from "../../machine/ops/reduce.js";
import { integers, sort } from "../../machine/ops/routing.js";
import { chunkLastDim } from "../../machine/ops/split.js";
import { everySecond, reshape, transpose, unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";
import { callAdapted } from "./adapted-parameters.js";

/** What the router chose: per token the weights of its experts, and which they are. */
export interface Chosen {
  readonly weights: Tensor;
  readonly places: Tensor;
}

/** (tokens, hidden_size) → (tokens, hidden_size); every token is computed `chosen` times. */
export function callExperts(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  { weights, places }: Chosen,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "experts") throw new Error(`${module.path} has no experts`);
  const { kernels } = module;
  const [tokens, chosen] = [places.size(0), places.size(1)];
  const copies = tokens * chosen;
  return callAdapted(m, module, [hidden, weights, places], (read) =>
    m.frame((frame) => {
      const flatWeights = frame.hold(reshape(m, weights, [-1]));
      const experts = parameterOf(module, forward.gateUp).size(0);
      const [sorted, order] = sort(m, frame.hold(reshape(m, places, [-1])));
      frame.hold(sorted);
      frame.hold(order);
      const source = frame.hold(integers(m, "floor_divide", copies, "int64"));
      const chosenRows = frame.hold(index(m, hidden, source));
      frame.drop(source);
      const ordered = frame.hold(index(m, flatWeights, order));
      frame.hold(integers(m, "_to_copy", copies, "int32"));
      frame.hold(integers(m, "histc", experts, "int32"));
      const offsets = frame.hold(integers(m, "cumsum", experts, "int32"));
      /** The weight is read before its bias is looked up: adapters on it write it then. */
      const product = (
        rows: Tensor,
        name: string,
        oldBias?: Tensor,
      ): readonly [Tensor, Tensor?] => {
        const weight = read(name);
        const bias =
          forward.biased === true ? frame.hold(index(m, read(`${name}_bias`), sorted)) : undefined;
        if (oldBias !== undefined) frame.drop(oldBias);
        const matrices = module.node.isTransposed === true ? weight : transpose(m, weight, -2, -1);
        const output = kernels.expertProduct(m, cast(m, rows, weight.dtype), matrices, offsets);
        return bias === undefined ? [output] : [addInPlace(m, output, bias), bias];
      };
      const [raw, gateBias] = product(chosenRows, forward.gateUp);
      const both = frame.hold(raw);
      const inner = frame.rebind(both, activated(m, forward, `${module.path}.act_fn`, both));
      const [last] = product(inner, forward.down, gateBias);
      const computed = frame.rebind(inner, last);
      const weighted = frame.hold(mul(m, computed, unsqueeze(m, ordered, -1)));
      const back = frame.hold(integers(m, "empty_like", copies, "int64"));
      m.consume(integers(m, "arange", copies, "int64"));
      const restored = frame.rebind(weighted, index(m, weighted, back));
      const perToken = view(m, restored, [tokens, chosen, hidden.size(-1)]);
      return cast(m, frame.hold(sumDim(m, perToken, 1)), hidden.dtype);
    }),
  );
}

/** `act_fn(gate) * up` of the two halves, or `act_fn(up)`. */
function activated(
  m: Machine,
  { activation, hasNoGate }: ExpertsForward,
  path: string,
  both: Tensor,
): Tensor {
  if (activation === "clamped_swiglu") return clampedSwiglu(m, both);
  if (hasNoGate === true) return m.call(path, [both], () => activate(m, activation, both));
  return m.frame((frame) => {
    const [gate, up] = chunkLastDim(m, both, 2);
    if (gate === undefined || up === undefined) throw new Error("chunk gave too few parts");
    frame.hold(gate);
    frame.hold(up);
    const bent = m.call(path, [gate], () => activate(m, activation, gate));
    return mul(m, bent, up);
  });
}

/**
 * `(clamp(up) + 1) * clamp(gate) * sigmoid(alpha * clamp(gate))`, gate and up lying in turns.
 *
 * Source: transformers models/gpt_oss/modeling_gpt_oss.py `GptOssExperts._apply_gate`.
 */
function clampedSwiglu(m: Machine, both: Tensor): Tensor {
  return m.frame((frame) => {
    const evens = frame.hold(everySecond(m, both, 0));
    const odds = frame.hold(everySecond(m, both, 1));
    const gate = frame.rebind(evens, clamp(m, evens, ["le"]));
    const up = frame.rebind(odds, clamp(m, odds, ["ge", "le"]));
    const glu = frame.hold(mul(m, gate, sigmoid(m, mulScalar(m, gate))));
    return mul(m, addScalar(m, up), glu);
  });
}
