/** What the fused losses share: the forward up to the last hidden state, with the head's weight left to the kernel. */

import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { withAutocast } from "../../machine/ops/cast.js";
import { divScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import { callBackbone } from "../modules/backbone.js";
import { causalLm } from "../modules/causal-lm.js";
import type { LossRun } from "./loss-run.js";

export interface FusedHead {
  /** (b, s, hidden_size), held. */
  readonly hidden: Tensor;
  /** (vocab_size, hidden_size); adapters on the head are not asked. */
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
}

/** What a kernel gives: the sum of the losses, and the statistics that the outputs carry. */
export type FusedSums = readonly [loss: Tensor, ...statistics: Tensor[]];

/** Loss and outputs of a model whose forward calls a kernel instead of its head. No logits are left. */
export function fusedLoss(
  m: Machine,
  { model, batch, options, autocast }: LossRun,
  kernel: (frame: Frame, head: FusedHead) => FusedSums,
): readonly Tensor[] {
  const forward = causalLm(model);
  const decoder = childOf(model, forward.decoder);
  const own = childOf(model, forward.head);
  const { parameters } = own.copy ?? own;
  const [loss, ...statistics] = withAutocast(m, autocast, () =>
    m.call<FusedSums>(model.path, [], (frame) => {
      const hidden = frame.hold(callBackbone(m, decoder, batch, options));
      const weight = parameterOf(own.copy ?? own, "weight");
      return m.withKind("logits", () => {
        const head = { hidden, weight, bias: parameters.get("bias") };
        const [sum, ...others] = kernel(frame, head);
        // The Trainer gives the number of tokens: a sum, divided by it.
        return [divScalar(m, frame.hold(sum)), ...others.map((other) => frame.hold(other))];
      });
    }),
  );
  return [loss, loss, ...statistics];
}
