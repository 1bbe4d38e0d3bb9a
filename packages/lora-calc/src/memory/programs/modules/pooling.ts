/**
 * One vector per text of the hidden states of its tokens: (b, s, hidden_size) → (b, hidden_size).
 *
 * Source: sentence-transformers 6.2.0 sentence_transformer/modules/pooling.py `Pooling._forward_padded`.
 */

import type { StepValues } from "../../../fields/step.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { cat, div, mul, pointwise } from "../../machine/ops/elementwise.js";
import { gatherVector } from "../../machine/ops/indexing.js";
import { sumDim } from "../../machine/ops/reduce.js";
import { view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

export type PoolingMode = StepValues["pooling_mode"];

interface Tokens {
  readonly hidden: Tensor;
  readonly mask: Tensor;
}

export function poolTokens(m: Machine, mode: PoolingMode, tokens: Tokens): Tensor {
  return m.frame((outer) => {
    const vector = m.frame((frame) => POOLING[mode](m, frame, tokens));
    return cat(m, [outer.hold(vector)], -1);
  });
}

type Pool = (m: Machine, frame: Frame, tokens: Tokens) => Tensor;

const POOLING: Readonly<Record<PoolingMode, Pool>> = {
  mean: ofAll,
  cls: ofFirst,
  lasttoken: ofLast,
};

/** The first token that is none of padding: `gather(hidden, 1, mask.to(int).argmax(1))`. */
function ofFirst(m: Machine, frame: Frame, { hidden, mask }: Tokens): Tensor {
  const whole = pointwise(m, "_to_copy", [m.alias(mask)], "int32");
  const places = frame.hold(m.empty("argmax", [hidden.size(0)], "int64"));
  m.consume(whole);
  return vectorAt(m, hidden, places);
}

/** `(hidden * mask).sum(1) / clamp(mask.sum(1))`, summed in fp32. */
function ofAll(m: Machine, frame: Frame, { hidden, mask }: Tokens): Tensor {
  const [rows = 1, length = 1] = mask.shape;
  const { dtype } = hidden;
  const wide = "float32";
  const factors = frame.hold(
    pointwise(m, "_to_copy", [m.alias(mask, [rows, length, 1], [length, 1, 1])], dtype),
  );
  const sum = frame.hold(sumDim(m, mul(m, hidden, factors), 1, { dtype: wide }));
  const count = frame.hold(m.empty("sum", [rows, 1], wide));
  const atLeast = frame.rebind(count, pointwise(m, "clamp", [count], wide));
  return cast(m, div(m, sum, atLeast), dtype);
}

/** The last token that is none of padding, of hidden states times the mask. */
function ofLast(m: Machine, frame: Frame, { hidden, mask }: Tokens): Tensor {
  const [rows = 1, length = 1] = mask.shape;
  const turned = m.empty("flip", mask.shape, "int64");
  const largest = frame.hold(m.empty("max", [rows], "int64"));
  const found = frame.hold(m.empty("max", [rows], "int64"));
  m.consume(turned);
  const isNone = pointwise(m, "eq", [m.alias(largest)], "bool");
  const last = m.empty("scalar_tensor", [], "int64");
  const places = frame.rebind(found, m.empty("where", [rows], "int64"));
  for (const each of [isNone, last]) m.consume(each);
  const fromStart = pointwise(m, "rsub", [m.alias(places)], "int64");
  const at = frame.hold(pointwise(m, "sub", [fromStart], "int64"));
  const spread = m.alias(mask, [rows, length, hidden.size(-1)], [length, 1, 0]);
  const factors = frame.hold(m.empty("_to_copy", spread.shape, hidden.dtype));
  m.consume(spread);
  return vectorAt(m, mul(m, hidden, factors), at);
}

function vectorAt(m: Machine, hidden: Tensor, places: Tensor): Tensor {
  const found = gatherVector(m, hidden, places);
  return view(m, found, [hidden.size(0), hidden.size(-1)]);
}
