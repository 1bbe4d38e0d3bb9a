/**
 * TRL's entropy of every position, over 128 rows of logits at a time.
 *
 * Source: trl trainer/utils.py `entropy_from_logits`.
 */

import type { Machine } from "../../machine/machine.js";
import { mul, neg } from "../../machine/ops/elementwise.js";
import { exp, logSoftmax } from "../../machine/ops/likelihood.js";
import { sumLastDim } from "../../machine/ops/reduce.js";
import { narrow, reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { missing } from "../../../problem/missing.js";

const ENTROPY_ROWS = 128;

/** Logits (…, vocab_size) → (…); a copy of them where they are a part of others. */
export function entropies(m: Machine, logits: Tensor): Tensor {
  return m.frame((frame) => {
    const flat = frame.hold(reshape(m, logits, [-1, logits.size(-1)]));
    const parts: Tensor[] = [];
    let previous: Tensor | undefined;
    const count = flat.size(0);
    const sizes = Array.from({ length: Math.ceil(count / ENTROPY_ROWS) }, (_, part) =>
      Math.min(ENTROPY_ROWS, count - part * ENTROPY_ROWS),
    );
    const loop = m.loop("entropy", sizes);
    loop.indices.forEach((part, position) => {
      m.enterSection(loop, position);
      const rows = sizes[part] ?? missing();
      const logProbabilities = frame.hold(logSoftmax(m, narrow(m, m.alias(flat), 0, rows)));
      if (previous !== undefined) frame.drop(previous);
      previous = logProbabilities;
      const weighted = mul(m, exp(m, logProbabilities), logProbabilities);
      parts.push(frame.hold(neg(m, sumLastDim(m, weighted))));
    });
    m.leaveSection();
    const joined = m.empty("cat", [flat.size(0)], flat.dtype);
    return view(m, joined, logits.shape.slice(0, -1));
  });
}
