/** Rotary position embeddings, as transformers applies them to queries and keys. */

import type { RotaryVariant } from "../../../../graph/tree/forward.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { complexProduct } from "../../../machine/ops/complex.js";
import { add, cat, mul, neg, subtract } from "../../../machine/ops/elementwise.js";
import { rotatePairs } from "../../../machine/ops/pairs.js";
import { chunkLastDim } from "../../../machine/ops/split.js";
import { everySecond, reshape, slice, unsqueeze, view } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** Queries and keys (b, heads, s, d) turned by their positions, and what else has a name until attention returns. */
export function applyRotary(
  m: Machine,
  variant: RotaryVariant,
  [query, key]: readonly [Tensor, Tensor],
  [cosine, sine]: readonly [Tensor, Tensor],
): readonly [Tensor, Tensor, ...Tensor[]] {
  const [turnedQuery, turnedKey, ...kept] = m.frame((frame) => {
    if (variant === "pairs_apart") {
      return pairsApart(m, frame, [query, key], halved(m, frame, [cosine, sine], 1));
    }
    if (variant === "complex") return complexPairs(m, frame, [query, key], cosine);
    const cos = frame.hold(unsqueeze(m, cosine, 1));
    const sin = frame.hold(unsqueeze(m, sine, 1));
    if (variant === "partial") return partial(m, [query, key], turnHalves, [cos, sin]);
    if (variant === "partial_together") return partialTogether(m, [query, key], [cos, sin], false);
    if (variant === "partial_kept") return partialTogether(m, [query, key], [cos, sin], true);
    if (variant === "full_pairs_cast_first") {
      const floats = [query, key].map((x) => frame.hold(cast(m, x, "float32")));
      const turned = floats.map((x) => frame.hold(turnPairs(m, x, cos, sin)));
      return turned.map((x) => cast(m, x, query.dtype));
    }
    if (variant === "full_cast") {
      const turned = [query, key].map((x) => frame.hold(turnHalvesCast(m, x, cos, sin)));
      return turned.map((x) => cast(m, x, query.dtype));
    }
    if (variant === "partial_inline") return partialInline(m, [query, key], cos, sin);
    if (variant === "halves")
      return [query, key].map((x) => frame.hold(turnEachHalf(m, x, cos, sin)));
    if (variant === "full" || variant === "full_fp32") {
      const turned = [query, key].map((x) => frame.hold(turnHalves(m, x, cos, sin)));
      return variant === "full" ? turned : turned.map((x) => cast(m, x, query.dtype));
    }
    const pairCos = frame.rebind(cos, interleaved(m, cos));
    const pairSin = frame.rebind(sin, interleaved(m, sin));
    if (variant === "partial_pairs") return partial(m, [query, key], turnPairs, [pairCos, pairSin]);
    if (variant === "full_pairs") {
      return [query, key].map((x) => frame.hold(turnPairs(m, x, pairCos, pairSin)));
    }
    const turned = [query, key].map((x) => frame.hold(turnPairsFp32(m, x, pairCos, pairSin)));
    return turned.map((x) => cast(m, x, query.dtype));
  });
  if (turnedQuery === undefined || turnedKey === undefined) throw new Error("rotary lost a tensor");
  return [turnedQuery, turnedKey, ...kept];
}

/** The same for states that were not moved to the front yet: (b, s, heads, d). Source: transformers models/gemma4. */
export function turnUnmoved(
  m: Machine,
  states: Tensor,
  tables: readonly [cos: Tensor, sin: Tensor],
): Tensor {
  return m.frame((frame) => {
    const cos = frame.hold(unsqueeze(m, tables[0], 2));
    const sin = frame.hold(unsqueeze(m, tables[1], 2));
    return turnHalves(m, states, cos, sin);
  });
}

/** Both of two such states, halves or neighbours. Source: transformers models/deepseek_v32, models/glm_moe_dsa. */
export function turnBothUnmoved(
  m: Machine,
  variant: "full" | "pairs_apart",
  states: readonly [Tensor, Tensor],
  tables: readonly [cos: Tensor, sin: Tensor],
): readonly [Tensor, Tensor] {
  const [first, second] = m.frame((frame) => {
    if (variant === "pairs_apart") return pairsApart(m, frame, states, halved(m, frame, tables, 2));
    const [cos, sin] = tables.map((table) => frame.hold(unsqueeze(m, table, 2)));
    if (cos === undefined || sin === undefined) throw new Error("rotary lost a table");
    return states.map((x) => frame.hold(turnHalves(m, x, cos, sin)));
  });
  if (first === undefined || second === undefined) throw new Error("rotary lost a tensor");
  return [first, second];
}

/** Both, and only then cast back. Source: transformers models/llama4/modeling_llama4.py `apply_rotary_emb`. */
export function turnComplexUnmoved(
  m: Machine,
  states: readonly [Tensor, Tensor],
  table: Tensor,
): readonly [Tensor, Tensor] {
  const [first, second] = m.frame((frame) => {
    const asComplex = states.map((x) => frame.hold(complexOf(m, x)));
    const turned = asComplex.map((x, index) => {
      const { shape } = states[index] ?? x;
      const product = m.frame((inner) => complexProduct(m, x, inner.hold(unsqueeze(m, table, 2))));
      return frame.hold(view(m, product, shape));
    });
    return turned.map((x, index) => cast(m, x, (states[index] ?? x).dtype));
  });
  if (first === undefined || second === undefined) throw new Error("rotary lost a tensor");
  return [first, second];
}

/** Neighbours as one complex number, in fp32. */
function complexOf(m: Machine, x: Tensor): Tensor {
  return reshape(m, cast(m, x, "float32"), [...x.shape.slice(0, -1), -1, 2]);
}

type Turn = (m: Machine, x: Tensor, cos: Tensor, sin: Tensor) => Tensor;

/** `(x * cos) + (rotate_half(x) * sin)`. */
const turnHalves: Turn = (m, x, cos, sin) =>
  m.frame((frame) => {
    const straight = frame.hold(mul(m, x, cos));
    return add(m, straight, mul(m, rotateHalf(m, x), sin));
  });

/** The same in fp32, with a cast for each product. */
const turnHalvesCast: Turn = (m, x, cos, sin) =>
  m.frame((frame) => {
    const straight = frame.hold(mul(m, cast(m, x, "float32"), cos));
    return add(m, straight, mul(m, rotateHalf(m, cast(m, x, "float32")), sin));
  });

/** `cat(first * cos - second * sin, second * cos + first * sin)`. */
const turnEachHalf: Turn = (m, x, cos, sin) =>
  m.frame((frame) => {
    const [first, second] = chunkLastDim(m, x, 2);
    if (first === undefined || second === undefined) throw new Error("chunk gave too few parts");
    frame.hold(first);
    frame.hold(second);
    const firstCos = mul(m, first, cos);
    const left = frame.hold(subtract(m, firstCos, mul(m, second, sin)));
    const secondCos = mul(m, second, cos);
    const right = frame.hold(add(m, secondCos, mul(m, first, sin)));
    return cat(m, [left, right], -1);
  });

/** The same where neighbours make a pair. */
const turnPairs: Turn = (m, x, cos, sin) =>
  m.frame((frame) => {
    const straight = frame.hold(mul(m, x, cos));
    return add(m, straight, mul(m, rotatePairs(m, x), sin));
  });

/** The same in fp32. */
const turnPairsFp32: Turn = (m, x, cos, sin) =>
  m.frame((frame) => {
    const straight = frame.hold(mul(m, cast(m, x, "float32"), cos));
    return add(m, straight, mul(m, cast(m, rotatePairs(m, x), "float32"), sin));
  });

/** `table[..., : dim // 2].repeat_interleave(2, dim=-1)`: a copy in every layer. */
function interleaved(m: Machine, table: Tensor): Tensor {
  return m.empty("clone", table.shape, table.dtype);
}

/** `cat(-second half, first half)`. */
function rotateHalf(m: Machine, x: Tensor): Tensor {
  const half = x.size(-1) / 2;
  return m.frame((frame) => {
    const first = frame.hold(slice(m, x, -1, [0, half]));
    const second = frame.hold(slice(m, x, -1, [half, 2 * half]));
    return cat(m, [neg(m, second), first], -1);
  });
}

/** Parts of a head: the first `dim` dimensions turn, the rest passes. */
function cutHeads(m: Machine, frame: Frame, x: Tensor, dim: number) {
  return {
    turning: frame.hold(slice(m, x, -1, [0, dim])),
    passing: frame.hold(slice(m, x, -1, [dim, x.size(-1)])),
  };
}

function partial(
  m: Machine,
  tensors: readonly [Tensor, Tensor],
  turn: Turn,
  [cos, sin]: readonly [Tensor, Tensor],
): readonly Tensor[] {
  return m.frame((frame) => {
    const cut = tensors.map((x) => cutHeads(m, frame, x, cos.size(-1)));
    const turned = cut.map(({ turning, passing }) => ({
      passing,
      embedded: frame.hold(turn(m, turning, cos, sin)),
    }));
    return turned.map(({ embedded, passing }) =>
      frame.rebind(embedded, cat(m, [embedded, passing], -1)),
    );
  });
}

function partialInline(
  m: Machine,
  tensors: readonly [Tensor, Tensor],
  cos: Tensor,
  sin: Tensor,
): readonly Tensor[] {
  return m.frame((frame) => {
    const cut = tensors.map((x) => cutHeads(m, frame, x, cos.size(-1)));
    return cut.map(({ turning, passing }) =>
      frame.hold(cat(m, [turnHalves(m, turning, cos, sin), passing], -1)),
    );
  });
}

/** The parts stay where attention's own forward has cut them. */
function partialTogether(
  m: Machine,
  tensors: readonly [Tensor, Tensor],
  [cos, sin]: readonly [Tensor, Tensor],
  keepsParts: boolean,
): readonly Tensor[] {
  return m.frame((frame) => {
    const cut = tensors.map((x) => cutHeads(m, frame, x, cos.size(-1)));
    const turned = cut.map(({ turning, passing }) => ({
      passing,
      embedded: frame.hold(turnHalves(m, turning, cos, sin)),
    }));
    const joined = turned.map(({ embedded, passing }) =>
      frame.hold(cat(m, [embedded, passing], -1)),
    );
    if (!keepsParts) return joined;
    return [...joined, ...turned.flatMap(({ embedded, passing }) => [embedded, passing])];
  });
}

/** The first half of each table, with a dimension for the heads. */
function halved(
  m: Machine,
  frame: Frame,
  tables: readonly [Tensor, Tensor],
  headsAt: number,
): readonly Tensor[] {
  return tables.map((table) =>
    frame.hold(unsqueeze(m, slice(m, table, -1, [0, table.size(-1) / 2]), headsAt)),
  );
}

/** `cat(even * cos - odd * sin, odd * cos + even * sin)`. Source: models/deepseek_v3 `apply_rotary_pos_emb_interleave`. */
function pairsApart(
  m: Machine,
  frame: Frame,
  states: readonly [Tensor, Tensor],
  tables: readonly (Tensor | undefined)[],
): readonly Tensor[] {
  const [cos, sin] = tables;
  if (cos === undefined || sin === undefined) throw new Error("rotary lost a table");
  const cut = states.map((x) => ({
    even: frame.hold(everySecond(m, x, 0)),
    odd: frame.hold(everySecond(m, x, 1)),
  }));
  return cut.map(({ even, odd }) => {
    const joined = m.frame((inner) => {
      const evenCos = mul(m, even, cos);
      const left = inner.hold(subtract(m, evenCos, mul(m, odd, sin)));
      const oddCos = mul(m, odd, cos);
      const right = inner.hold(add(m, oddCos, mul(m, even, sin)));
      return cat(m, [left, right], -1);
    });
    return frame.hold(joined);
  });
}

/** Source: transformers models/deepseek_v2/modeling_deepseek_v2.py `apply_rotary_emb`. */
function complexPairs(
  m: Machine,
  frame: Frame,
  states: readonly [Tensor, Tensor],
  table: Tensor,
): readonly Tensor[] {
  const asComplex = states.map((x) => frame.hold(complexOf(m, x)));
  const numbers = frame.hold(unsqueeze(m, table, 1));
  return asComplex.map((x, index) => {
    const like = states[index] ?? x;
    return frame.hold(cast(m, view(m, complexProduct(m, x, numbers), like.shape), like.dtype));
  });
}
