/**
 * The loss of transformers' causal language models: logits of every position, upcast to fp32, cross entropy.
 *
 * Source: transformers@5.18.0 loss/loss_utils.py `ForCausalLMLoss`; accelerate utils/operations.py `convert_to_fp32`.
 */

import type { CausalLmForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { tanh } from "../../machine/ops/activations.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { divScalar, mulScalar } from "../../machine/ops/elementwise.js";
import { logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { contiguous, slice, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf } from "../../load/bound-module.js";
import { callBackbone } from "../modules/decoder.js";
import { callLinear } from "../modules/linear.js";
import type { LossRun } from "./loss-run.js";

/** The loss, and what the outputs object holds: loss and logits. */
export function hfLoss(m: Machine, run: LossRun): readonly Tensor[] {
  const { model } = run;
  const { forward } = model.node;
  if (forward?.kind !== "causal_lm") throw new Error("the loss needs a causal language model");
  return m.frame((frame) => {
    const [loss, logits] = withAutocast(m, run.autocast, () =>
      m.call<readonly [Tensor, Tensor]>(model.path, [], (inner) => {
        const hidden = inner.hold(
          callBackbone(m, childOf(model, forward.decoder), run.batch, run.options),
        );
        return m.withKind("logits", () => {
          const all = inner.hold(headLogits(m, run, forward, hidden));
          return [causalLmLoss(m, all, run.batch.labels), all];
        });
      }),
    );
    frame.hold(loss);
    frame.hold(logits);
    const converted = m.withKind("logits", () =>
      run.convertsOutputs ? cast(m, logits, "float32") : logits,
    );
    return [loss, loss, converted];
  });
}

/** `lm_head(hidden)` with the model's scale and tanh cap: (b, s, vocab_size). */
function headLogits(
  m: Machine,
  { model }: LossRun,
  forward: CausalLmForward,
  hidden: Tensor,
): Tensor {
  return m.frame((frame) => {
    let logits = frame.hold(callLinear(m, childOf(model, forward.head), hidden));
    if (forward.scaledLogits === true) logits = frame.rebind(logits, divScalar(m, logits));
    if (forward.softcap === true) {
      logits = frame.rebind(logits, divScalar(m, logits));
      logits = frame.rebind(logits, tanh(m, logits));
      logits = frame.rebind(logits, mulScalar(m, logits));
    }
    return logits;
  });
}

function causalLmLoss(m: Machine, given: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const logits = frame.hold(cast(m, given, "float32"));
    const [rows = 1, length = 1] = labels.shape;
    const padded = frame.hold(m.empty("constant_pad_nd", [rows, length + 1], labels.dtype));
    const shifted = frame.hold(contiguous(m, slice(m, padded, 1, [1, length + 1])));
    const flat = frame.rebind(logits, view(m, logits, [-1, logits.size(-1)]));
    const flatLabels = frame.rebind(shifted, view(m, shifted, [-1]));
    return nllLoss(m, logSoftmax(m, flat), flatLabels);
  });
}
