/**
 * sentence-transformers' trainer over pairs of texts: each is embedded by a run of its own, and the loss compares all of a
 * batch.
 *
 * Source: sentence-transformers 6.2.0 base/trainer.py `BaseTrainer.compute_loss`, base/losses/merged_forward.py
 * `embed_columns`, base/modules/transformer.py `Transformer.forward`; accelerate utils/operations.py `convert_to_fp32`.
 */

import { encodesText } from "../../settings/model-defaults.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { unitLength } from "../../machine/ops/normalize.js";
import type { Tensor } from "../../machine/tensor.js";
import { rankingLoss } from "../losses/ranking.js";
import { callBackbone } from "../modules/backbone.js";
import type { Batch } from "../modules/batch.js";
import { poolTokens } from "../modules/pooling.js";
import type { PoolingMode } from "../modules/pooling.js";
import { callTextEncoder } from "../modules/text-encoder.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const pairsTrainer: Trainer = (m, settings) => {
  const { per_device_train_batch_size: rows, max_length: length, padding: isPadded } = settings;
  const texts = (): Text => {
    const inputIds = m.retain(m.empty("zeros", [rows, length], "int64"));
    const attentionMask = m.retain(m.empty(isPadded ? "zeros" : "ones", [rows, length], "int64"));
    return { inputIds, attentionMask, isPadded, ...(isPadded ? {} : { isRead: true }) };
  };
  const [anchor, positive] = [texts(), texts()];
  const tensors = [anchor, positive].flatMap((text) => [text.inputIds, text.attentionMask]);
  const pair = { anchor, positive, mode: settings.pooling_mode };
  return { tensors, loss: (machine, run) => [comparedPairs(machine, run, pair)] };
};

/** Its collator gives every text a mask. */
interface Text extends Batch {
  readonly attentionMask: Tensor;
}

interface Pair {
  readonly anchor: Text;
  readonly positive: Text;
  readonly mode: PoolingMode;
}

function comparedPairs(m: Machine, run: PolicyRun, { anchor, positive, mode }: Pair): Tensor {
  return m.frame((frame) => {
    const queries = embed({ m, frame, run, mode }, anchor);
    const documents = embed({ m, frame, run, mode }, positive);
    return rankingLoss(m, queries, documents);
  });
}

interface Call {
  readonly m: Machine;
  /** `features` keep the hidden states of all tokens, and the vector, until the loss is computed. */
  readonly frame: Frame;
  readonly run: PolicyRun;
  readonly mode: PoolingMode;
}

/** The vector of every text; all of the features are converted, of which it alone is taken. */
function embed({ m, frame, run, mode }: Call, text: Text): Tensor {
  const [tokens, vector] = withAutocast(m, run.autocast, () => featuresOf(m, run, mode, text));
  frame.hold(tokens);
  frame.hold(vector);
  if (!run.convertsOutputs) return vector;
  if (tokens.dtype !== "float32") m.consume(cast(m, tokens, "float32"));
  return frame.hold(cast(m, vector, "float32"));
}

/** Hidden states (b, s, hidden_size) and vectors of length one (b, hidden_size). */
function featuresOf(
  m: Machine,
  { policy, options }: PolicyRun,
  mode: PoolingMode,
  text: Text,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const hidden = frame.hold(
      m.frame((inner) => {
        if (!encodesText(policy.node)) return callBackbone(m, policy, text, options);
        const outputs = callTextEncoder(m, policy, text, options);
        for (const output of outputs) inner.hold(output);
        return outputs[0];
      }),
    );
    const pooled = frame.hold(poolTokens(m, mode, { hidden, mask: text.attentionMask }));
    return [hidden, unitLength(m, pooled)];
  });
}
