/**
 * The flash-attn package: (b, s, heads, d), or packed sequences as (tokens, heads, d); grouped keys and values as they are.
 *
 * Source: flash-attn 2.8.3 flash_attn/flash_attn_interface.py, csrc/flash_attn/flash_api.cpp.
 */

import { inside } from "../inside.js";
import type { Inside } from "../inside.js";
import { ceilTo } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { gradientsLike, layoutsOf } from "./gradients-like.js";

/** Rows of a block of queries. */
const BLOCK = 128;

type States = readonly [query: Tensor, key: Tensor, value: Tensor];

/** `starts` has where each of the packed sequences begins, and the end of the last: (sequences + 1,) in int32. */
export function packageFlashAttention(m: Machine, states: States, starts?: Tensor): Tensor {
  const node = m.track("FlashAttnFuncBackward", states);
  const [query] = states;
  const [output, statistics, rngState] = m.withoutGrad(
    () =>
      [
        m.empty("empty_like", query.shape, query.dtype, query.strides),
        m.empty("empty", statisticsShape(query, starts), "float32"),
        m.empty("empty", [2], "int64"),
      ] as const,
  );
  if (node !== undefined) {
    for (const each of [...states, ...(starts === undefined ? [] : [starts])]) m.save(node, each);
    for (const each of [output, statistics, rngState]) m.saveOutput(node, each);
    const inputs = layoutsOf(states);
    const { shape } = query;
    const count = starts === undefined ? undefined : starts.size(0) - 1;
    node.isPython = true;
    node.backward = (gradient) => {
      const made = gradientsLike(m, "empty_like", inputs, gradient.dtype);
      inside(m, accumulators({ shape, dtype: gradient.dtype }, inputs[1]?.shape ?? [], count));
      return made;
    };
  }
  for (const each of [statistics, rngState]) m.consume(each);
  m.finish(node, [output], states);
  return output;
}

function statisticsShape({ shape }: Tensor, starts: Tensor | undefined): Shape {
  const [first = 1, second = 1, third = 1] = shape;
  return starts === undefined ? [first, third, second] : [second, first];
}

/** Row sums, the gradient of queries summed in fp32, and a gradient per query head of grouped keys and values. */
function accumulators(
  { shape, dtype }: Pick<Tensor, "shape" | "dtype">,
  keyShape: Shape,
  count: number | undefined,
): readonly Inside[] {
  const [heads = 1, dim = 1] = shape.slice(-2);
  const width = ceilTo(dim, dim <= BLOCK ? 32 : 64);
  const tokens = shape.at(-3) ?? 1;
  const batch = count === undefined ? shape.slice(0, 1) : [];
  const rows = count === undefined ? ceilTo(tokens, BLOCK) : tokens + BLOCK * count;
  const wide: Inside = ["empty", [...keyShape.slice(0, -2), heads, dim], dtype];
  return [
    ["empty", [...batch, heads, rows], "float32"],
    ["empty", [...batch, rows, heads, width], "float32"],
    ...(keyShape.at(-2) === heads ? [] : [wide, wide]),
  ];
}
