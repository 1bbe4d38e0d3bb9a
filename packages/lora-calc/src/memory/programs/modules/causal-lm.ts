/** A causal language model as a whole: from token ids to logits. */

import type { CausalLmForward } from "../../../graph/tree/forward.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { HalfDtype } from "../../machine/autocast.js";
import type { Machine } from "../../machine/machine.js";
import { tanh } from "../../machine/ops/activations.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { divScalar, mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callBackbone } from "./backbone.js";
import { callLinear } from "./linear.js";

/** One call of a model. */
export interface ModelRun {
  readonly model: BoundModule;
  readonly batch: Batch;
  readonly options: ForwardOptions;
  /** dtype of the autocast that the forward runs under; undefined without one. */
  readonly autocast: HalfDtype | undefined;
  /** A trainer turns the outputs of an autocast forward into fp32. */
  readonly convertsOutputs: boolean;
}

export function causalLm({ node: { forward }, path }: BoundModule): CausalLmForward {
  if (forward?.kind !== "causal_lm") throw new Error(`${path} is not a causal language model`);
  return forward;
}

/** `model(**batch).logits` without labels: (b, s, vocab_size). */
export function callCausalLm(m: Machine, run: ModelRun): Tensor {
  const { model, batch, options, autocast, convertsOutputs } = run;
  return m.frame((frame) => {
    const logits = withAutocast(m, autocast, () =>
      m.call(model.path, [], (inner) => {
        const decoder = childOf(model, causalLm(model).decoder);
        const hidden = inner.hold(callBackbone(m, decoder, batch, options));
        return m.withKind("logits", () => headLogits(m, model, hidden));
      }),
    );
    frame.hold(logits);
    return m.withKind("logits", () => (convertsOutputs ? cast(m, logits, "float32") : logits));
  });
}

/** `lm_head(hidden)` with the model's scale and tanh cap: (b, s, vocab_size). */
export function headLogits(m: Machine, model: BoundModule, hidden: Tensor): Tensor {
  const forward = causalLm(model);
  return m.frame((frame) => {
    const head = childOf(model, forward.head);
    const given =
      forward.narrowsHidden === true ? cast(m, hidden, parameterOf(head, "weight").dtype) : hidden;
    let logits = frame.hold(callLinear(m, head, given));
    if (forward.scaledLogits === true) logits = frame.rebind(logits, divScalar(m, logits));
    if (forward.multipliedLogits !== undefined) logits = frame.rebind(logits, mulScalar(m, logits));
    if (forward.softcap === true) {
      logits = frame.rebind(logits, divScalar(m, logits));
      logits = frame.rebind(logits, tanh(m, logits));
      logits = frame.rebind(logits, mulScalar(m, logits));
    }
    return forward.upcastsLogits === true
      ? frame.rebind(logits, cast(m, logits, "float32"))
      : logits;
  });
}
