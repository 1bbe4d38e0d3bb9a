/**
 * TRL's `chunked_nll`: the head runs on 256 rows at a time under non-reentrant checkpointing, so that the logits of
 * the whole batch never exist.
 *
 * Source: trl trainer/sft_trainer.py `_chunk`, `_CHUNKED_LM_HEAD_CHUNK_SIZE`.
 */

import { checkpoint } from "../../machine/checkpoint.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { withAutocast } from "../../machine/ops/cast.js";
import { add, divScalar, pointwise } from "../../machine/ops/elementwise.js";
import { index } from "../../machine/ops/indexing.js";
import { lastOf, reshape, slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf } from "../../load/bound-module.js";
import { callBackbone } from "../modules/backbone.js";
import { chunkLoss } from "./chunk.js";
import { causalLm } from "../modules/causal-lm.js";
import type { LossRun } from "./loss-run.js";
import { missing } from "../../../problem/missing.js";

export const CHUNK_ROWS = 256;

/** Loss of a batch; the totals of accuracy and entropy are kept by the caller as the outputs. */
export function chunkedNllLoss(m: Machine, run: LossRun): readonly Tensor[] {
  const { model, batch, options, autocast } = run;
  const forward = causalLm(model);
  return m.frame((frame) =>
    withAutocast(m, autocast, () => {
      const hidden = frame.hold(callBackbone(m, childOf(model, forward.decoder), batch, options));
      return m.withKind("logits", () => lossOfRows(m, frame, run, hidden));
    }),
  );
}

/** Loss and totals of the last hidden state (b, s, hidden_size), shifted by one token. */
function lossOfRows(m: Machine, frame: Frame, run: LossRun, hidden: Tensor): readonly Tensor[] {
  const length = hidden.size(1);
  const shifted = slice(m, hidden, 1, [0, length - 1]);
  const rows = frame.hold(reshape(m, shifted, [-1, hidden.size(-1)]));
  const labels = frame.hold(reshape(m, slice(m, m.alias(run.batch.labels), 1, [1, length]), [-1]));
  const order = frame.hold(validFirst(m, labels));
  const orderedRows = frame.hold(index(m, rows, order));
  const orderedLabels = frame.hold(index(m, labels, order));
  frame.drop(rows);
  frame.drop(labels);
  const totals = sumChunks(m, frame, run, [orderedRows, orderedLabels]);
  const [loss] = totals;
  if (loss === undefined) throw new Error("no loss");
  return [divScalar(m, loss), ...totals];
}

/** `(labels != -100).to(int8).argsort(descending, stable)`. */
function validFirst(m: Machine, labels: Tensor): Tensor {
  const valid = pointwise(m, "ne", [labels], "bool");
  const key = pointwise(m, "_to_copy", [valid], "int8");
  const values = m.empty("sort", key.shape, "int8");
  const order = m.empty("sort", key.shape, "int64");
  m.consume(values);
  m.consume(key);
  return order;
}

/** Adds up loss, correct tokens and entropy over the chunks. */
function sumChunks(
  m: Machine,
  frame: Frame,
  run: LossRun,
  [rows, labels]: readonly [Tensor, Tensor],
): readonly Tensor[] {
  let totals = [0, 1, 2].map(() => frame.hold(m.empty("new_zeros", [], "float32")));
  let parts: readonly Tensor[] = [];
  const count = rows.size(0);
  const sizes = Array.from({ length: Math.ceil(count / CHUNK_ROWS) }, (_, chunk) =>
    Math.min(CHUNK_ROWS, count - chunk * CHUNK_ROWS),
  );
  const loop = m.loop("chunks", sizes);
  loop.indices.forEach((chunk, position) => {
    m.enterSection(loop, position);
    const start = chunk * CHUNK_ROWS;
    const end = start + (sizes[chunk] ?? missing());
    // `x[0:256]` is a view of its own even where it is all of x.
    const part = (x: Tensor): Tensor =>
      count <= CHUNK_ROWS ? lastOf(m, x, 0, count) : slice(m, x, 0, [start, end]);
    const inputs = [part(rows), part(labels)];
    const previous = parts;
    parts = checkpoint(m, {
      inputs,
      captured: [],
      run: (given) => {
        m.enterSection(loop, position);
        return chunkLoss(m, run.model, given);
      },
    }).map((part) => frame.hold(part));
    for (const part of previous) frame.drop(part);
    const sums = totals.map((total, at) => {
      const part = parts[at];
      if (part === undefined) throw new Error("a chunk lacks a part");
      return frame.hold(add(m, total, part));
    });
    for (const total of totals) frame.drop(total);
    totals = sums;
  });
  m.leaveSection();
  return totals;
}
