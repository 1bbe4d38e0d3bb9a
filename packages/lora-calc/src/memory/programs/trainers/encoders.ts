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
import { autocastToFloat, cast, withAutocast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { select, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { LabelledBatch } from "../modules/batch.js";
import { callLinear } from "../modules/linear.js";
import { callNorm } from "../modules/norm.js";
import { callTextEncoder } from "../modules/text-encoder.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const encoderTrainer: Trainer = (m, settings, policy) => {
  const { per_device_train_batch_size: rows, max_length: length, padding: isPadded } = settings;
  const isMasked = policy.node.forward?.kind === "masked_lm";
  const shape = [rows, length];
  const inputIds = m.retain(m.empty("zeros", shape, "int64"));
  const labels = m.retain(m.empty("zeros", isMasked ? shape : [rows], "int64"));
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
      return [crossEntropy(m, view(m, logits, [-1, logits.size(-1)]), batch.labels), logits];
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
      const [hidden, pooled = preClassified({ m, frame, policy, forward }, hidden)] = outputs;
      const dropped =
        pooled === undefined ? undefined : frame.hold(dropout(m, pooled, forward.dropout));
      const logits = frame.hold(
        dropped === undefined
          ? callHead(m, classifier, hidden)
          : callLinear(m, classifier, dropped),
      );
      return [crossEntropy(m, view(m, logits, [-1, logits.size(-1)]), batch.labels), logits];
    });
  });
}

interface ClassifierCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly policy: BoundModule;
  readonly forward: SequenceClassifierForward;
}

/** `relu(layer(hidden[:, 0]))`, where the class has such a layer. */
function preClassified(
  { m, frame, policy, forward }: ClassifierCall,
  hidden: Tensor,
): Tensor | undefined {
  if (forward.preClassifier === undefined) return undefined;
  const first = frame.hold(select(m, hidden, 1));
  const layer = childOf(policy, forward.preClassifier);
  const dense = frame.rebind(first, callLinear(m, layer, first));
  return frame.rebind(dense, activate(m, "relu", dense));
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

/** `CrossEntropyLoss()(logits, labels)`: autocast runs it in fp32. */
function crossEntropy(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const wide = frame.hold(autocastToFloat(m, logits));
    return nllLoss(m, logSoftmax(m, wide), labels);
  });
}

function descendantOf(module: BoundModule, path: string): BoundModule {
  return path === "" ? module : path.split(".").reduce(childOf, module);
}
