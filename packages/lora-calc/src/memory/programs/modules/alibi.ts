/**
 * A bias per head and position in place of positions: (b · heads, 1, s), in the dtype of the hidden states.
 *
 * Source: transformers models/bloom/modeling_bloom.py `build_alibi_tensor`.
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { cat, mul, pointwise } from "../../machine/ops/elementwise.js";
import type { Frame } from "../../machine/frame.js";
import type { Tensor } from "../../machine/tensor.js";

export function alibiOf(
  m: Machine,
  { heads, dtype, slopesApart }: AlibiShape,
  mask: Tensor,
): Tensor {
  const [rows = 1, length = 1] = mask.shape;
  return m.frame((frame) => {
    const slopes = slopesApart
      ? frame.hold(m.frame((inner) => slopesOf(m, inner, heads)))
      : slopesOf(m, frame, heads);
    const sums = m.empty("cumsum", mask.shape, mask.dtype);
    const shifted = pointwise(m, "sub", [sums], mask.dtype);
    const places = frame.hold(pointwise(m, "mul", [shifted, mask], mask.dtype));
    const perHead = mul(
      m,
      m.alias(slopes, [heads, 1], [1, 1]),
      m.alias(places, [rows, 1, length], [length, length, 1]),
    );
    const alibi = frame.hold(perHead);
    return cast(m, m.alias(alibi, [rows * heads, 1, length], [length, length, 1]), dtype);
  });
}

interface AlibiShape {
  readonly heads: number;
  readonly dtype: Dtype;
  readonly slopesApart: boolean;
}

/** The same for rows without padding, without a mask. The slopes and the bias of one row are variables of the caller. */
export function alibiOfRows(
  m: Machine,
  frame: Frame,
  { heads, dtype }: Omit<AlibiShape, "slopesApart">,
  [rows, length]: readonly [number, number],
): Tensor {
  const slopes = frame.hold(m.frame((inner) => slopesOf(m, inner, heads)));
  const places = m.empty("arange", [length], "int64");
  const one = frame.hold(mul(m, m.alias(slopes, [heads, 1, 1], [1, 1, 1]), places));
  const all = frame.rebind(one, m.empty("repeat", [rows * heads, 1, length], "float32"));
  return frame.rebind(all, cast(m, all, dtype));
}

/** (heads,): powers of one base, and of a second where the number of heads is no power of two. */
function slopesOf(m: Machine, frame: Frame, heads: number): Tensor {
  const closest = 2 ** Math.floor(Math.log2(heads));
  const powers = (tag: "arange", count: number): Tensor => {
    frame.hold(m.empty("full", [], "float32"));
    frame.hold(m.empty(tag, [count], "int32"));
    return m.empty("pow", [count], "float32");
  };
  const slopes = frame.hold(powers("arange", closest));
  if (closest === heads) return slopes;
  const others = powers("arange", heads - closest);
  return frame.rebind(slopes, cat(m, [slopes, others], 0));
}
