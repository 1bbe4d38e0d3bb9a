/**
 * The loss of transformers' causal language models: logits of every position, upcast to fp32, cross entropy.
 *
 * Source: transformers loss/loss_utils.py `ForCausalLMLoss`; accelerate utils/operations.py `convert_to_fp32`.
 */

import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { crossEntropy } from "../../machine/ops/losses.js";
import { contiguous, slice, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf } from "../../load/bound-module.js";
import { callBackbone } from "../modules/backbone.js";
import { causalLm, headLogits } from "../modules/causal-lm.js";
import type { LossRun } from "./loss-run.js";

/** The loss, and what the outputs object holds: loss and logits. */
export function hfLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return modelLoss(m, run);
}

/** The same of a model whose head sees what `kept` makes of the hidden state, an argument of it that no name holds. */
export function modelLoss(
  m: Machine,
  run: LossRun,
  kept: (hidden: Tensor) => Tensor = (hidden) => hidden,
): readonly Tensor[] {
  const { model } = run;
  return m.frame((frame) => {
    const [loss, logits] = withAutocast(m, run.autocast, () =>
      m.call<readonly [Tensor, Tensor]>(model.path, [], (inner) => {
        const hidden = inner.hold(
          callBackbone(m, childOf(model, causalLm(model).decoder), run.batch, run.options),
        );
        return m.withKind("logits", () => {
          const all = inner.hold(headLogits(m, model, kept(hidden)));
          const lossOf = causalLm(model).shiftsLogits === true ? shiftedLoss : causalLmLoss;
          return [lossOf(m, all, run.batch.labels), all];
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

/** As classes of 2023 have it: all logits but the last, for all labels but the first. Source: modeling_internlm2.py. */
function shiftedLoss(m: Machine, given: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const length = labels.size(1);
    const logits = frame.hold(contiguous(m, slice(m, given, 1, [0, length - 1])));
    const targets = frame.hold(contiguous(m, slice(m, m.alias(labels), 1, [1, length])));
    const flat = frame.rebind(logits, view(m, logits, [-1, logits.size(-1)]));
    return crossEntropy(m, flat, frame.rebind(targets, view(m, targets, [-1])));
  });
}
