/**
 * transformers' Trainer over text: a loss on masked tokens, or a label per sequence.
 *
 * Source: transformers models/bert/modeling_bert.py `BertForMaskedLM`, `BertForSequenceClassification`; models/roberta.
 */

import type { SequenceClassifierForward } from "../../../graph/tree/encoder-forward.js";
import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { activate, tanh } from "../../machine/ops/activations.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { div, mul, pointwise } from "../../machine/ops/elementwise.js";
import { sumDim } from "../../machine/ops/reduce.js";
import { gatherLast } from "../../machine/ops/indexing.js";
import { crossEntropy, mseLoss } from "../../machine/ops/losses.js";
import { select, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, LabelledBatch } from "../modules/batch.js";
import { callLinear } from "../modules/linear.js";
import { callPredictionHead } from "../modules/prediction-head.js";
import { callNorm } from "../modules/norm.js";
import { callTextEncoder } from "../modules/text-encoder.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const encoderTrainer: Trainer = (m, settings, policy) => {
  const { per_device_train_batch_size: rows, max_length: length, padding: isPadded } = settings;
  const isMasked = policy.node.forward?.kind === "masked_lm";
  const shape = [rows, length];
  const inputIds = m.retain(m.empty("zeros", shape, "int64"));
  const { forward } = policy.node;
  const isNumber = forward?.kind === "sequence_classifier" && forward.loss === "number";
  const labels = m.retain(
    m.empty("zeros", isMasked ? shape : [rows], isNumber ? "float32" : "int64"),
  );
  const mask = isPadded ? [m.retain(m.empty("zeros", shape, "int64"))] : [];
  const batch: LabelledBatch = {
    inputIds,
    labels,
    isPadded,
    ...(mask[0] === undefined ? {} : { attentionMask: mask[0] }),
  };
  return {
    tensors: [inputIds, labels, ...mask],
    loss: (machine, run) => encoderLoss(machine, run, batch),
  };
};

function encoderLoss(m: Machine, run: PolicyRun, batch: LabelledBatch): readonly Tensor[] {
  const { policy, autocast, convertsOutputs } = run;
  return m.frame((frame) => {
    const [loss, logits] = withAutocast(m, autocast, () =>
      m.call<readonly [Tensor, Tensor]>(policy.path, [], () =>
        policy.node.forward?.kind === "masked_lm"
          ? maskedLm(m, run, batch)
          : classified(m, run, batch),
      ),
    );
    frame.hold(loss);
    frame.hold(logits);
    return [
      ...[loss, loss],
      m.withKind("logits", () => (convertsOutputs ? cast(m, logits, "float32") : logits)),
    ];
  });
}

function maskedLm(
  m: Machine,
  { policy, options }: PolicyRun,
  batch: LabelledBatch,
): readonly [Tensor, Tensor] {
  const { forward } = policy.node;
  if (forward?.kind !== "masked_lm") throw new Error(`${policy.path} predicts no masked tokens`);
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const outputs = callTextEncoder(m, childOf(policy, forward.encoder), batch, options);
    for (const output of outputs) frame.hold(output);
    return m.withKind("logits", () => {
      const head = descendantOf(policy, forward.head);
      const logits = m.call(head.path, [outputs[0]], (inner) => {
        const dense = inner.hold(callLinear(m, descendantOf(head, forward.dense), outputs[0]));
        const active = inner.rebind(dense, activate(m, forward.activation, dense));
        const normed = inner.rebind(active, callNorm(m, descendantOf(head, forward.norm), active));
        return inner.rebind(normed, callLinear(m, descendantOf(head, forward.decoder), normed));
      });
      frame.hold(logits);
      const rows = (x: Tensor): Tensor => view(m, x, [-1, x.size(-1)]);
      if (forward.upcasts !== true) return [crossEntropy(m, rows(logits), batch.labels), logits];
      const wide = frame.hold(rows(cast(m, logits, "float32")));
      const loss = crossEntropy(m, wide, batch.labels);
      frame.drop(wide);
      return [loss, logits];
    });
  });
}

function classified(
  m: Machine,
  { policy, options }: PolicyRun,
  batch: LabelledBatch,
): readonly [Tensor, Tensor] {
  const { forward } = policy.node;
  if (forward?.kind !== "sequence_classifier") throw new Error(`${policy.path} is no classifier`);
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const outputs = callTextEncoder(m, childOf(policy, forward.encoder), batch, options);
    for (const output of outputs) frame.hold(output);
    return m.withKind("logits", () => {
      const classifier = childOf(policy, forward.classifier);
      const [hidden, pooled = pooledBy({ m, frame, policy, forward }, hidden, batch)] = outputs;
      const dropped =
        pooled === undefined ? undefined : frame.hold(dropout(m, pooled, forward.dropout));
      const logits = frame.hold(
        dropped === undefined
          ? callHead(m, classifier, hidden)
          : callLinear(m, classifier, dropped),
      );
      if (forward.loss === "number") {
        // DeBERTa brings the logits to the dtype of the labels, and returns those.
        const compared =
          forward.contextPooler === undefined
            ? logits
            : frame.rebind(logits, cast(m, view(m, logits, [-1]), batch.labels.dtype));
        return [mseLoss(m, view(m, compared, [-1]), batch.labels), compared];
      }
      if (forward.contextPooler !== undefined) return [foundLoss(m, logits, batch.labels), logits];
      return [crossEntropy(m, view(m, logits, [-1, logits.size(-1)]), batch.labels), logits];
    });
  });
}

/**
 * The loss over the rows whose label is set, which all are (`nonzero` gives the place of each): gathered, and in fp32.
 *
 * Source: transformers models/deberta_v2/modeling_deberta_v2.py `DebertaV2ForSequenceClassification.forward`.
 */
function foundLoss(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const [rows = 1, classes = 1] = logits.shape;
    const isSet = pointwise(m, "ge", [m.alias(labels)], "bool");
    const places = frame.hold(
      pointwise(m, "new_empty", [m.alias(labels, [rows, 1], [1, 1])], "int64"),
    );
    m.consume(isSet);
    const spread = m.alias(places, [rows, classes], [1, 0]);
    const found = frame.hold(gatherLast(m, logits, frame.hold(spread)));
    const set = frame.hold(pointwise(m, "gather", [m.alias(labels)], "int64"));
    return crossEntropy(m, cast(m, found, "float32"), set);
  });
}

interface ClassifierCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly policy: BoundModule;
  readonly forward: SequenceClassifierForward;
}

/** `relu(layer(hidden[:, 0]))`, or `head` of the first hidden state or of their mean, where the class has such. */
function pooledBy(call: ClassifierCall, hidden: Tensor, batch: Batch): Tensor | undefined {
  const { m, frame, policy, forward } = call;
  if (forward.contextPooler !== undefined) {
    // Dropout takes its variable.
    return callContextPooler(m, childOf(policy, forward.contextPooler), hidden);
  }
  if (forward.pooledHead !== undefined) {
    const { head, takesMean } = forward.pooledHead;
    const one = frame.hold(takesMean ? meanOfTokens(m, hidden, batch) : select(m, hidden, 1));
    return frame.hold(callPredictionHead(m, childOf(policy, head), one));
  }
  if (forward.preClassifier === undefined) return undefined;
  const first = frame.hold(select(m, hidden, 1));
  const layer = childOf(policy, forward.preClassifier);
  const dense = frame.rebind(first, callLinear(m, layer, first));
  return frame.rebind(dense, activate(m, "relu", dense));
}

/** `(hidden * mask).sum(1) / mask.sum(1)`, with ones where there is no mask. */
function meanOfTokens(m: Machine, hidden: Tensor, { inputIds, attentionMask }: Batch): Tensor {
  return m.frame((frame) => {
    const mask = frame.hold(attentionMask ?? m.empty("ones", inputIds.shape, "bool"));
    const product = mul(m, hidden, m.alias(mask, [...mask.shape, 1], [...mask.strides, 1]));
    const sum = sumDim(m, product, 1);
    return div(m, sum, m.empty("sum", [mask.size(0), 1], "int64"));
  });
}

/** Source: transformers models/deberta_v2/modeling_deberta_v2.py `ContextPooler`. */
function callContextPooler(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "context_pooler") throw new Error(`${module.path} is no pooler`);
  return m.call(module.path, [hidden], (frame) => {
    const first = frame.hold(select(m, hidden, 1));
    const dropped = frame.rebind(first, dropout(m, first, forward.dropout));
    const dense = frame.hold(callLinear(m, childOf(module, forward.dense), dropped));
    return frame.rebind(dense, activate(m, forward.activation, dense));
  });
}

/** Source: transformers models/roberta/modeling_roberta.py `RobertaClassificationHead`. */
function callHead(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  if (module.copy !== undefined) return callHead(m, module.copy, hidden);
  const { forward } = module.node;
  if (forward?.kind !== "classification_head") throw new Error(`${module.path} is no head`);
  return m.call(module.path, [hidden], (frame) => {
    const first = frame.hold(select(m, hidden, 1));
    const dropped = frame.rebind(first, dropout(m, first, forward.dropout));
    const dense = frame.rebind(dropped, callLinear(m, childOf(module, forward.dense), dropped));
    const bent = frame.rebind(dense, tanh(m, dense));
    const again = frame.rebind(bent, dropout(m, bent, forward.dropout));
    return frame.rebind(again, callLinear(m, childOf(module, forward.output), again));
  });
}

function descendantOf(module: BoundModule, path: string): BoundModule {
  return path === "" ? module : path.split(".").reduce(childOf, module);
}
