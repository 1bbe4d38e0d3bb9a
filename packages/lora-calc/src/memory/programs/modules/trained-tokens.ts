/**
 * Tables of which single rows are trained: every call writes the rows into a copy of the whole table.
 *
 * Source: peft tuners/trainable_tokens/layer.py `TrainableTokensLayer.forward_adapters`, `get_merged_weights`.
 */

import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { mul } from "../../machine/ops/elementwise.js";
import { embedding } from "../../machine/ops/embedding.js";
import { indexCopy } from "../../machine/ops/indexing.js";
import { linear } from "../../machine/ops/matmul.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule, BoundTokens } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";

/** Looks indices up in the merged table: (…,) → (…, dim). */
export function lookUpTrained(
  m: Machine,
  module: BoundModule,
  tokens: BoundTokens,
  indices: Tensor,
): Tensor {
  return runMerged(m, { module, tokens }, indices, (weight) => {
    const rows = embedding(m, indices, weight);
    const scale = module.buffers.get("embed_scale");
    return scale === undefined
      ? rows
      : m.frame((frame) => mul(m, frame.hold(rows), cast(m, scale, rows.dtype)));
  });
}

/** The head with the merged table as its weight: (…, dim) → (…, vocab_size). */
export function projectTrained(
  m: Machine,
  module: BoundModule,
  tokens: BoundTokens,
  input: Tensor,
): Tensor {
  return runMerged(m, { module, tokens }, input, (weight) => linear(m, input, weight));
}

function runMerged(
  m: Machine,
  { module, tokens }: { readonly module: BoundModule; readonly tokens: BoundTokens },
  input: Tensor,
  body: (weight: Tensor) => Tensor,
): Tensor {
  const { delta } = tokens;
  return m.call(module.path, [input], () =>
    m.call(`${module.path}.token_adapter`, [input], (frame) => {
      const table = parameterOf(module, "weight");
      const merged = m.frame((inner) => {
        const index = inner.hold(m.empty("lift_fresh", [delta.size(0)], "int64"));
        return indexCopy(m, table, index, inner.hold(cast(m, delta, table.dtype)));
      });
      return body(frame.hold(merged));
    }),
  );
}
