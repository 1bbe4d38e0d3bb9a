/**
 * What TRL logs of a batch of pairs while its graph is alive: entropy, mean logits, accuracy, rewards.
 *
 * Source: trl trainer/dpo_trainer.py `_compute_loss`, "Log the metrics".
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { whereTrue } from "../../machine/ops/masked.js";
import { slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import { entropies } from "../losses/entropy.js";

/** Log-probabilities of chosen and rejected sequences over those of the reference: (b,) each. */
type Ratios = readonly [Tensor, Tensor];

interface Metrics {
  readonly m: Machine;
  readonly frame: Frame;
  readonly dtype: Dtype;
  /** (b, s − 1) */
  readonly shape: readonly [number, number];
  /** Tokens of the chosen completions. */
  readonly count: number;
}

function metricsOf(
  m: Machine,
  frame: Frame,
  dtype: Dtype,
  { per_device_train_batch_size: pairs, max_length: whole, preference }: TrainingSettings,
): Metrics {
  const length = whole - 1;
  const count = pairs * Math.min(whole - (preference?.prompt_length ?? 0), length);
  return { m, frame, dtype, shape: [pairs, length], count };
}

/** From logits (2b, s, vocab_size) of the policy. Everything that is a variable there stays to the end of the frame. */
export function countMetrics(
  m: Machine,
  frame: Frame,
  { logits, ratios }: { readonly logits: Tensor; readonly ratios: Ratios },
  settings: TrainingSettings,
): void {
  const metrics = metricsOf(m, frame, logits.dtype, settings);
  const shifted = frame.hold(slice(m, m.alias(logits), 1, [0, metrics.shape[1]]));
  frame.hold(entropies(m, m.alias(shifted, shifted.shape, shifted.strides)));
  const tokens = entropyAndTokens(metrics);
  meanLogits(metrics, () => {
    const half = m.alias(shifted, [...metrics.shape, shifted.size(2)], shifted.strides);
    const rows = whereTrue(m, half, m.empty("_to_copy", metrics.shape, "bool"), metrics.count);
    const means = m.empty("mean", [metrics.count], logits.dtype);
    m.consume(rows);
    return means;
  });
  frame.hold(m.empty("argmax", metrics.shape, "int64"));
  frame.hold(m.empty("_to_copy", metrics.shape, "bool"));
  accuracy(metrics, m.empty("eq", metrics.shape, "bool"), tokens);
  rewards(metrics, ratios);
}

/** From what a fused head gives beside the log-probabilities: one number for each token. */
export function countFusedMetrics(
  m: Machine,
  frame: Frame,
  { meanLogits: means, ratios }: { readonly meanLogits: Tensor; readonly ratios: Ratios },
  settings: TrainingSettings,
): void {
  const metrics = metricsOf(m, frame, means.dtype, settings);
  const tokens = entropyAndTokens(metrics);
  meanLogits(metrics, () =>
    whereTrue(
      m,
      m.alias(means, metrics.shape),
      m.empty("_to_copy", metrics.shape, "bool"),
      metrics.count,
    ),
  );
  accuracy(metrics, m.empty("_to_copy", metrics.shape, "bool"), tokens);
  rewards(metrics, ratios);
}

/** Returns the number of tokens, which another takes the place of later. */
function entropyAndTokens({ m, frame, dtype, shape }: Metrics): Tensor {
  const [pairs, length] = shape;
  const masked = m.empty("mul", [2 * pairs, length], dtype);
  const own = frame.hold(m.empty("sum", [], dtype));
  m.consume(masked);
  const ownTokens = frame.hold(m.empty("sum", [], "int64"));
  frame.rebind(own, m.empty("sum", [], dtype));
  const tokens = frame.rebind(ownTokens, m.empty("sum", [], "int64"));
  read(m, ["gt", "bool"]);
  read(m, ["div", dtype]);
  read(m, ["sum", "int64"], ["sum", "int64"]);
  return tokens;
}

/** Tensors whose value is read, all of them made before the first ends. */
function read(m: Machine, ...tensors: readonly (readonly [tag: string, dtype: Dtype])[]): void {
  const made = tensors.map(([tag, dtype]) => m.empty(tag, [], dtype));
  for (const tensor of made) m.consume(tensor);
}

/** `valuesOfHalf` gives one number for each token of the completions, chosen and then rejected. */
function meanLogits({ m, frame, dtype }: Metrics, valuesOfHalf: () => Tensor): void {
  const sums = [0, 1].flatMap(() => {
    const values = valuesOfHalf();
    const sum = frame.hold(m.empty("sum", [], dtype));
    m.consume(values);
    return [sum, frame.hold(m.empty("sum", [], "int64"))];
  });
  for (const sum of sums) {
    const gathered = m.empty("sum", [], sum.dtype);
    m.consume(gathered);
    frame.drop(sum);
  }
}

function accuracy({ m, frame }: Metrics, compared: Tensor, tokens: Tensor): void {
  frame.hold(pointwise(m, "bitwise_and", [compared], "bool"));
  const total = (): Tensor => m.empty("sum", [], "int64");
  frame.rebind(tokens, total());
  frame.hold(total());
  frame.hold(total());
  read(m, ["gt", "bool"]);
  read(m, ["sum", "int64"], ["div", "float32"]);
}

function rewards({ m, frame }: Metrics, [chosen, rejected]: readonly [Tensor, Tensor]): void {
  const { dtype, shape } = chosen;
  frame.hold(m.empty("mul", shape, dtype));
  frame.hold(m.empty("mul", rejected.shape, dtype));
  read(m, ["mean", dtype]);
  read(m, ["mean", dtype]);
  const isHigher = m.empty("gt", shape, "bool");
  frame.hold(pointwise(m, "_to_copy", [isHigher], "float32"));
  read(m, ["mean", "float32"]);
  frame.hold(m.empty("sub", shape, dtype));
  for (let metric = 0; metric < 3; metric += 1) read(m, ["mean", dtype]);
}
