/**
 * transformers' Trainer over the heads that decoders and encoders share: a label per sequence from its last token, a label
 * per token, or where an answer starts and ends.
 *
 * Source: transformers modeling_layers.py `GenericForSequenceClassification`, `GenericForTokenClassification`,
 * `GenericForQuestionAnswering`; loss/loss_utils.py `ForSequenceClassificationLoss`, `ForTokenClassification`,
 * `ForQuestionAnsweringLoss`; models/bert/modeling_bert.py.
 */

import type {
  AnswerFinderForward,
  HeadForward,
  LastTokenClassifierForward,
  TokenClassifierForward,
} from "../../../graph/tree/head-forward.js";
import { missing } from "../../../problem/missing.js";
import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, divScalar, pointwise } from "../../machine/ops/elementwise.js";
import { index, indexPlaces } from "../../machine/ops/indexing.js";
import { crossEntropy, mseLoss } from "../../machine/ops/losses.js";
import { integers } from "../../machine/ops/routing.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { contiguous, select, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { encodesText } from "../../settings/model-defaults.js";
import type { Batch } from "../modules/batch.js";
import { callBackbone } from "../modules/backbone.js";
import { callLinear } from "../modules/linear.js";
import { callPredictionHead } from "../modules/prediction-head.js";
import { callTextEncoder } from "../modules/text-encoder.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const headTrainer: Trainer = (m, settings, policy) => {
  const { per_device_train_batch_size: rows, max_length: length, padding: isPadded } = settings;
  const inputIds = m.retain(m.empty("zeros", [rows, length], "int64"));
  const labels = labelTensors(m, headOf(policy), inputIds);
  const mask = isPadded ? [m.retain(m.empty("zeros", [rows, length], "int64"))] : [];
  const batch: Batch = {
    inputIds,
    isPadded,
    ...(mask[0] === undefined ? {} : { attentionMask: mask[0] }),
  };
  return {
    tensors: [inputIds, ...labels, ...mask],
    loss: (machine, run) => headLoss(machine, run, { batch, labels }),
  };
};

function headOf({ node: { forward }, path }: BoundModule): HeadForward {
  if (
    forward?.kind === "last_token_classifier" ||
    forward?.kind === "token_classifier" ||
    forward?.kind === "answer_finder"
  ) {
    return forward;
  }
  throw new Error(`${path} has no head with labels`);
}

/** A class per sequence or a number, a class per token, or the places of an answer. */
function labelTensors(m: Machine, head: HeadForward, { shape }: Tensor): readonly Tensor[] {
  const [rows = 1] = shape;
  const zeros = (sizes: readonly number[], dtype: "int64" | "float32" = "int64"): Tensor =>
    m.retain(m.empty("zeros", sizes, dtype));
  if (head.kind === "answer_finder") return [zeros([rows]), zeros([rows])];
  if (head.kind === "token_classifier") return [zeros(shape)];
  return [zeros([rows], head.loss === "number" ? "float32" : "int64")];
}

interface Labelled {
  readonly batch: Batch;
  readonly labels: readonly Tensor[];
}

function headLoss(m: Machine, run: PolicyRun, given: Labelled): readonly Tensor[] {
  const { policy, autocast, convertsOutputs } = run;
  return m.frame((frame) => {
    const [loss, ...outputs] = withAutocast(m, autocast, () =>
      m.call(policy.path, [], (inner) => {
        const head = headOf(policy);
        const call = { m, frame: inner, policy, labels: given.labels };
        const hidden = hiddenStates(call, run, given.batch);
        return m.withKind("logits", () => outputsOf(call, head, hidden, given.batch));
      }),
    );
    if (loss === undefined) return missing();
    frame.hold(loss);
    for (const output of outputs) frame.hold(output);
    const converted = m.withKind("logits", () =>
      outputs.map((output) => (convertsOutputs ? cast(m, output, "float32") : output)),
    );
    return [loss, loss, ...converted];
  });
}

interface HeadCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly policy: BoundModule;
  readonly labels: readonly Tensor[];
}

/** The last hidden states; what the backbone gives is held until the model returns. */
function hiddenStates(
  { m, frame, policy }: HeadCall,
  { options }: PolicyRun,
  batch: Batch,
): Tensor {
  const backbone = childOf(policy, headOf(policy).backbone);
  if (!encodesText(backbone.node)) return frame.hold(callBackbone(m, backbone, batch, options));
  const outputs = callTextEncoder(m, backbone, batch, options);
  for (const output of outputs) frame.hold(output);
  return outputs[0];
}

/** The loss, and the logits that the class returns. */
function outputsOf(
  call: HeadCall,
  head: HeadForward,
  hidden: Tensor,
  { inputIds }: Batch,
): readonly Tensor[] {
  if (head.kind === "last_token_classifier") return ofLastToken(call, head, hidden, inputIds);
  return head.kind === "token_classifier"
    ? ofTokens(call, head, hidden)
    : ofAnswer(call, head, hidden);
}

function ofLastToken(
  { m, frame, policy, labels: [labels = missing()] }: HeadCall,
  head: LastTokenClassifierForward,
  hidden: Tensor,
  inputIds: Tensor,
): readonly Tensor[] {
  const logits = frame.hold(callLinear(m, childOf(policy, head.classifier), hidden));
  const [rows = 1] = inputIds.shape;
  const sequence = (): Tensor => integers(m, "arange", rows, "int64");
  // With more sequences than one the class asks for a token that pads, which training scripts then set.
  const findsPadding = head.findsPadding || rows > 1;
  const places = findsPadding ? frame.hold(lastPlaces(m, frame, inputIds)) : undefined;
  const pooled = frame.hold(
    places === undefined
      ? index(m, select(m, logits, 1), sequence())
      : indexPlaces(m, logits, sequence(), places),
  );
  const loss =
    head.loss === "number"
      ? mseLoss(m, view(m, pooled, [-1]), labels)
      : crossEntropy(m, view(m, pooled, [-1, pooled.size(-1)]), labels);
  return [loss, pooled];
}

/** `(arange(s) * (input_ids != pad).to(int32)).argmax(-1)`: (b, s) → (b). */
function lastPlaces(m: Machine, frame: Frame, inputIds: Tensor): Tensor {
  const [rows = 1, length = 1] = inputIds.shape;
  const isToken = pointwise(m, "ne", [m.alias(inputIds)], "bool");
  const mask = frame.hold(pointwise(m, "_to_copy", [isToken], "int32"));
  const order = frame.hold(integers(m, "arange", length, "int32"));
  const product = pointwise(m, "mul", [mask, order], "int32");
  const places = m.empty("argmax", [rows], "int64");
  m.consume(product);
  return places;
}

function ofTokens(
  { m, frame, policy, labels: [labels = missing()] }: HeadCall,
  head: TokenClassifierForward,
  hidden: Tensor,
): readonly Tensor[] {
  const prepared = beforeLayer({ m, frame, policy }, head, hidden);
  const logits = frame.hold(callLinear(m, childOf(policy, head.classifier), prepared));
  const flat = view(m, logits, [-1, logits.size(-1)]);
  return m.frame((inner) => {
    const compared = head.upcasts === true ? inner.hold(cast(m, flat, "float32")) : flat;
    return [crossEntropy(m, compared, labels), logits];
  });
}

/** The variable of the hidden states takes what each step gives. */
function beforeLayer(
  { m, frame, policy }: Omit<HeadCall, "labels">,
  { head, dropout: rate }: TokenClassifierForward | AnswerFinderForward,
  hidden: Tensor,
): Tensor {
  if (head === undefined) return frame.hold(dropout(m, hidden, rate));
  const bent = frame.hold(callPredictionHead(m, childOf(policy, head), hidden));
  return frame.rebind(bent, dropout(m, bent, rate));
}

function ofAnswer(
  { m, frame, policy, labels }: HeadCall,
  head: AnswerFinderForward,
  hidden: Tensor,
): readonly Tensor[] {
  const prepared = beforeLayer({ m, frame, policy }, head, hidden);
  const logits = frame.hold(callLinear(m, childOf(policy, head.output), prepared));
  const scores = splitLastDim(m, logits, [1, 1]).map((part) =>
    frame.hold(contiguous(m, view(m, part, part.shape.slice(0, -1)))),
  );
  const places = labels.map((label) =>
    frame.hold(pointwise(m, "clamp", [m.alias(label)], "int64")),
  );
  const [start, end] = scores.map((score, at) =>
    frame.hold(crossEntropy(m, score, places[at] ?? missing())),
  );
  if (start === undefined || end === undefined) return missing();
  return [divScalar(m, add(m, start, end)), ...scores];
}
