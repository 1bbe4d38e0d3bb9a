/**
 * Experts that all compute every token, scaled by scores that are zero for those that were not chosen.
 *
 * Source: transformers models/llama4/modeling_llama4.py `Llama4TextMoe`, `Llama4Router`, `Llama4TextExperts`.
 */

import type { AllExpertsMlpForward } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate, sigmoid } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { addInPlace, mul } from "../../machine/ops/elementwise.js";
import { scatterLast } from "../../machine/ops/indexing.js";
import { batchedProduct } from "../../machine/ops/matmul.js";
import { largest, sumDim } from "../../machine/ops/reduce.js";
import { repeatRows } from "../../machine/ops/repeat.js";
import { chunkLastDim } from "../../machine/ops/split.js";
import { reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAdapted } from "./adapted-parameters.js";
import { runBase } from "./linear.js";
import { callMlp } from "./mlp.js";

/** `module(hidden)`: (b, s, hidden_size) → (b · s, hidden_size), and the scores before the choice (b · s, experts). */
export function callAllExperts(
  m: Machine,
  module: BoundModule,
  forward: AllExpertsMlpForward,
  hidden: Tensor,
): readonly [Tensor, Tensor] {
  return m.call<readonly [Tensor, Tensor]>(module.path, [hidden], (frame) => {
    const rows = frame.hold(reshape(m, hidden, [-1, hidden.size(-1)]));
    const [scores, logits] = chooses(m, childOf(module, forward.router), forward.chosen, rows);
    frame.hold(scores);
    frame.hold(logits);
    const experts = scores.size(1);
    const copies = frame.hold(repeatRows(m, rows, experts));
    const perRow = reshape(m, transpose(m, scores, 0, 1), [-1, 1]);
    const scaled = frame.rebind(copies, mul(m, copies, perRow));
    const routed = frame.hold(compute(m, childOf(module, forward.experts), scaled));
    const output = frame.hold(callMlp(m, childOf(module, forward.shared), rows));
    const apart = reshape(m, routed, [experts, -1, routed.size(-1)]);
    return [frame.rebind(output, addInPlace(m, output, sumDim(m, apart, 0))), logits];
  });
}

/** Sigmoids of the chosen scores, zeros elsewhere, and the scores. */
function chooses(
  m: Machine,
  module: BoundModule,
  chosen: number,
  rows: Tensor,
): readonly [Tensor, Tensor] {
  return m.call<readonly [Tensor, Tensor]>(module.path, [rows], (frame) => {
    const logits = frame.hold(runBase(m, module, rows));
    const [best, places] = largest(m, logits, "topk", chosen);
    frame.hold(best);
    frame.hold(places);
    const empty = frame.hold(m.empty("full_like", logits.shape, logits.dtype));
    const scores = frame.rebind(empty, scatterLast(m, empty, places, best));
    const shares = cast(m, sigmoid(m, cast(m, scores, "float32")), scores.dtype);
    return [frame.rebind(scores, shares), logits];
  });
}

/** (experts · tokens, hidden_size), each block of tokens with the matrices of its expert. */
function compute(m: Machine, module: BoundModule, rows: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "experts") throw new Error(`${module.path} has no experts`);
  return callAdapted(m, module, [rows], (read) =>
    m.frame((frame) => {
      const experts = parameterOf(module, forward.gateUp).size(0);
      const width = rows.size(-1);
      const perExpert = frame.hold(view(m, rows, [experts, -1, width]));
      const both = frame.hold(batchedProduct(m, perExpert, read(forward.gateUp)));
      const [gate, up] = chunkLastDim(m, both, 2);
      if (gate === undefined || up === undefined) throw new Error("chunk gave too few parts");
      frame.hold(gate);
      frame.hold(up);
      if (forward.activation === "clamped_swiglu")
        throw new Error(`${module.path} has another gate`);
      const { activation } = forward;
      const bent = m.call(`${module.path}.act_fn`, [gate], () => activate(m, activation, gate));
      const output = frame.hold(batchedProduct(m, mul(m, up, bent), read(forward.down)));
      return frame.rebind(output, view(m, output, [-1, width]));
    }),
  );
}
