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

interface Counted {
  /** Of the policy: (2b, s, vocab_size). */
  readonly logits: Tensor;
  /** Log-probabilities of chosen and rejected sequences over those of the reference: (b,) each. */
  readonly ratios: readonly [Tensor, Tensor];
}

interface Metrics {
  readonly m: Machine;
  readonly frame: Frame;
  readonly dtype: Dtype;
  /** (b, s − 1) */
  readonly shape: readonly [number, number];
}

/** Everything that is a variable there stays to the end of the frame. */
export function countMetrics(
  m: Machine,
  frame: Frame,
  { logits, ratios }: Counted,
  settings: TrainingSettings,
): void {
  const pairs = logits.size(0) / 2;
  const length = logits.size(1) - 1;
  const metrics: Metrics = { m, frame, dtype: logits.dtype, shape: [pairs, length] };
  const shifted = frame.hold(slice(m, m.alias(logits), 1, [0, length]));
  const tokens = entropyAndTokens(metrics, shifted);
  const { max_length: whole, preference } = settings;
  const count = pairs * Math.min(whole - (preference?.prompt_length ?? 0), length);
  meanLogits(metrics, shifted, count);
  accuracy(metrics, tokens);
  rewards(metrics, ratios);
}

/** Returns the number of tokens, which another takes the place of later. */
function entropyAndTokens({ m, frame, dtype, shape }: Metrics, shifted: Tensor): Tensor {
  const [pairs, length] = shape;
  const perToken = frame.hold(entropies(m, m.alias(shifted, shifted.shape, shifted.strides)));
  const masked = m.empty("mul", [2 * pairs, length], perToken.dtype);
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

function meanLogits({ m, frame, dtype, shape }: Metrics, shifted: Tensor, count: number): void {
  const sums = [0, 1].flatMap(() => {
    const half = m.alias(shifted, [...shape, shifted.size(2)], shifted.strides);
    const mask = m.empty("_to_copy", shape, "bool");
    const rows = whereTrue(m, half, mask, count);
    const means = m.empty("mean", [count], dtype);
    m.consume(rows);
    const sum = frame.hold(m.empty("sum", [], dtype));
    m.consume(means);
    return [sum, frame.hold(m.empty("sum", [], "int64"))];
  });
  for (const sum of sums) {
    const gathered = m.empty("sum", [], sum.dtype);
    m.consume(gathered);
    frame.drop(sum);
  }
}

function accuracy({ m, frame, shape }: Metrics, tokens: Tensor): void {
  frame.hold(m.empty("argmax", shape, "int64"));
  frame.hold(m.empty("_to_copy", shape, "bool"));
  const isEqual = m.empty("eq", shape, "bool");
  frame.hold(pointwise(m, "bitwise_and", [isEqual], "bool"));
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
