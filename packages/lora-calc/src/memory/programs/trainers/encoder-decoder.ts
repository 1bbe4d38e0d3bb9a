/**
 * transformers' Seq2SeqTrainer over an encoder-decoder: the labels of a sequence, predicted from another one.
 *
 * Source: transformers models/t5/modeling_t5.py `T5ForConditionalGeneration.forward`; data/data_collator.py
 * `DataCollatorForSeq2Seq`, given the model, which shifts the labels before they reach the card.
 */

import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { autocastToFloat, cast, withAutocast } from "../../machine/ops/cast.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import { logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch } from "../modules/batch.js";
import { callPairedStack } from "../modules/paired-stack.js";
import { callBiasedStack } from "../modules/biased-stack.js";
import { callLinear } from "../modules/linear.js";
import type { StackInputs } from "../modules/biased-stack.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const encoderDecoderTrainer: Trainer = (m, settings) => {
  const { per_device_train_batch_size: rows, max_length: length, padding: isPadded } = settings;
  const integers = (size: number): Tensor => m.retain(m.empty("zeros", [rows, size], "int64"));
  const inputIds = integers(length);
  const labels = integers(settings.max_target_length);
  const mask = isPadded ? { attentionMask: integers(length) } : {};
  const decoderIds = integers(settings.max_target_length);
  const source = { inputIds, isPadded, ...mask };
  const target = { inputIds: decoderIds, isPadded: false };
  return {
    tensors: [inputIds, labels, ...Object.values(mask), decoderIds],
    loss: (machine, run) => predicted(machine, run, { source, target, labels }),
  };
};

interface Pair {
  readonly source: Batch;
  readonly target: Batch;
  readonly labels: Tensor;
}

function predicted(m: Machine, run: PolicyRun, pair: Pair): readonly Tensor[] {
  const { policy, autocast, convertsOutputs } = run;
  return m.frame((frame) => {
    const [loss, logits, encoded] = withAutocast(m, autocast, () =>
      m.call<readonly [Tensor, Tensor, Tensor]>(policy.path, [], () => forwardOf(m, run, pair)),
    );
    for (const output of [loss, logits, encoded]) frame.hold(output);
    const widened = (x: Tensor): Tensor => (convertsOutputs ? cast(m, x, "float32") : x);
    return [loss, loss, m.withKind("logits", () => widened(logits)), widened(encoded)];
  });
}

function callStack(m: Machine, stack: BoundModule, inputs: StackInputs): Tensor {
  const isPaired = stack.node.forward?.kind === "paired_stack";
  return isPaired ? callPairedStack(m, stack, inputs) : callBiasedStack(m, stack, inputs);
}

/** The loss, the logits, and what the encoder gave, which is returned beside them. */
function forwardOf(
  m: Machine,
  { policy, options }: PolicyRun,
  { source, target, labels }: Pair,
): readonly [Tensor, Tensor, Tensor] {
  const { forward } = policy.node;
  if (forward?.kind !== "encoder_decoder") throw new Error(`${policy.path} has no decoder`);
  return m.frame<readonly [Tensor, Tensor, Tensor]>((frame) => {
    const stackAt = (path: string): BoundModule => path.split(".").reduce(childOf, policy);
    const hidden = frame.hold(callStack(m, stackAt(forward.encoder), { batch: source, options }));
    const memory = { hidden, batch: source };
    const decoder = stackAt(forward.decoder);
    const decoded = frame.hold(callStack(m, decoder, { batch: target, options, memory }));
    // The decoder's outputs keep what is multiplied.
    const scaled = forward.scalesOutput === true ? frame.hold(mulScalar(m, decoded)) : decoded;
    return m.withKind("logits", () => {
      const plain = frame.hold(callLinear(m, childOf(policy, forward.head), scaled));
      const { logitsBias } = forward;
      const bias = logitsBias === undefined ? undefined : policy.buffers.get(logitsBias);
      const logits = bias === undefined ? plain : frame.rebind(plain, add(m, plain, bias));
      const wide = frame.hold(autocastToFloat(m, view(m, logits, [-1, logits.size(-1)])));
      const loss = nllLoss(m, logSoftmax(m, wide), labels);
      frame.drop(wide);
      return [loss, logits, hidden];
    });
  });
}
