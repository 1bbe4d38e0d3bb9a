/**
 * TRL's `nll` since 1.15: the model's forward scores the labelled positions with a fused head, and no logits exist.
 *
 * Source: trl trainer/utils.py `add_fused_lm_head`, trainer/sft_trainer.py `compute_loss` (1.16).
 */

import type { Machine } from "../../machine/machine.js";
import { withAutocast } from "../../machine/ops/cast.js";
import { div, neg, pointwise } from "../../machine/ops/elementwise.js";
import { scatterTrue, selectTrue } from "../../machine/ops/masked.js";
import { sumAll } from "../../machine/ops/reduce.js";
import { slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import { causalLm } from "../modules/causal-lm.js";
import type { ModelRun } from "../modules/causal-lm.js";
import { callBackbone } from "../modules/backbone.js";
import { chunkedLogProbs } from "./chunked-log-probs.js";
import type { LogProbOutput } from "./chunked-log-probs.js";
import type { LossRun } from "./loss-run.js";

/** Loss of a batch; the outputs are what TRL calls `FusedCausalLMOutput`. */
export function fusedNllLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return m.frame((frame) => {
    const { labels } = run.batch;
    const [rows = 1, length = 1] = labels.shape;
    const count = rows * (length - 1);
    const outputs = callFusedHead(m, run, { labels, count, wanted: ["entropy", "is_top1"] });
    for (const output of outputs) frame.hold(output);
    return m.withKind("logits", () => {
      const [logProbs, , mask] = outputs;
      const perToken = frame.hold(neg(m, logProbs));
      // Counted by the Trainer, on the device.
      const items = m.empty("zeros", [], "int64");
      const sum = sumAll(m, perToken);
      const loss = frame.hold(div(m, sum, pointwise(m, "clamp", [m.alias(items)], "int64")));
      frame.drop(perToken);
      m.consume(items);
      const [, , , ...statistics] = outputs;
      for (const metric of [mask, ...statistics]) {
        m.consume(m.withoutGrad(() => sumAll(m, m.alias(metric))));
      }
      return [loss, ...outputs];
    });
  });
}

/** What a forward with `fused_lm_head=True` gives. */
export type FusedHeadOutputs = readonly [
  logProbs: Tensor,
  loss: Tensor,
  mask: Tensor,
  ...statistics: Tensor[],
];

export interface Scored {
  /** (b, s) */
  readonly labels: Tensor;
  /** How many of the shifted ones are not −100. */
  readonly count: number;
  /** Statistics that the trainer asks for. */
  readonly wanted: readonly LogProbOutput[];
}

/** `model(**batch, labels=labels, fused_lm_head=True)`: (b, s − 1) each, the loss a number. */
export function callFusedHead(
  m: Machine,
  { model, batch, options, autocast }: ModelRun,
  { labels, count, wanted }: Scored,
): FusedHeadOutputs {
  const forward = causalLm(model);
  const own = childOf(model, forward.head);
  const head = own.copy ?? own;
  return withAutocast(m, autocast, () =>
    m.call<FusedHeadOutputs>(model.path, [], (frame) => {
      const hidden = frame.hold(callBackbone(m, childOf(model, forward.decoder), batch, options));
      return m.withKind("logits", () => {
        const length = hidden.size(1);
        const shifted = (): Tensor => slice(m, m.alias(labels), 1, [1, length]);
        const mask = frame.hold(pointwise(m, "ne", [shifted()], "bool"));
        const perToken = chunkedLogProbs(
          m,
          {
            rows: selectTrue(m, slice(m, hidden, 1, [0, length - 1]), mask, count),
            targets: selectTrue(m, shifted(), mask, count),
            weight: parameterOf(head, "weight"),
            bias: head.parameters.get("bias"),
          },
          wanted,
        );
        for (const each of perToken) frame.hold(each);
        const [logProbs, ...statistics] = perToken.map((each) =>
          frame.hold(scatterTrue(m, each, mask)),
        );
        if (logProbs === undefined) throw new Error("no log-probabilities");
        for (const each of perToken) frame.drop(each);
        const total = neg(m, sumAll(m, logProbs));
        const items = pointwise(m, "clamp", [sumAll(m, mask)], "int64");
        const loss = frame.hold(div(m, total, items));
        return [logProbs, loss, mask, ...statistics];
      });
    }),
  );
}
