/** Rotary position embeddings: the tables, and their application to queries and keys. */

import type { RotaryVariant } from "../../graph/forward.js";
import type { Frame } from "../machine/frame.js";
import type { Machine } from "../machine/machine.js";
import { cast, withAutocast } from "../machine/ops/cast.js";
import { add, cat, mul, mulScalar, neg, pointwise } from "../machine/ops/elementwise.js";
import { slice, unsqueeze } from "../machine/ops/views.js";
import type { Dtype } from "../../units/dtype.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";

/** `rotary_emb(hidden, position_ids)`: cos and sin of shape (1, s, dim) in the given dtype. */
export function rotaryTables(
  m: Machine,
  module: BoundModule,
  positions: Tensor,
  hiddenDtype: Dtype,
): readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "rotary") throw new Error(`${module.path} makes no rotary tables`);
  const dtype = forward.keepsFp32 === true ? "float32" : hiddenDtype;
  const [cos, sin] = m.withoutGrad(() =>
    m.call(module.path, [positions], (frame) => {
      const length = positions.size(-1);
      frame.hold(pointwise(m, "_to_copy", [positions], "float32"));
      const [cosine, sine] = withAutocast(m, undefined, () => {
        frame.hold(m.empty("bmm", [1, forward.dim / 2, length], "float32"));
        const angles = frame.hold(m.empty("cat", [1, length, forward.dim], "float32"));
        return [
          frame.hold(mulScalar(m, m.empty("cos", angles.shape, "float32"))),
          frame.hold(mulScalar(m, m.empty("sin", angles.shape, "float32"))),
        ] as const;
      });
      return [cast(m, cosine, dtype), cast(m, sine, dtype)];
    }),
  );
  return [cos, sin];
}

/** Queries and keys (b, heads, s, d) turned by their positions. */
export function applyRotary(
  m: Machine,
  variant: RotaryVariant,
  [query, key]: readonly [Tensor, Tensor],
  [cosine, sine]: readonly [Tensor, Tensor],
): readonly [Tensor, Tensor] {
  const [turnedQuery, turnedKey] = m.frame((frame) => {
    const cos = frame.hold(unsqueeze(m, cosine, 1));
    const sin = frame.hold(unsqueeze(m, sine, 1));
    if (variant === "partial") return partial(m, [query, key], cos, sin);
    if (variant === "partial_inline") return partialInline(m, [query, key], cos, sin);
    const turned = [frame.hold(turn(m, query, cos, sin)), frame.hold(turn(m, key, cos, sin))];
    return variant === "full_fp32" ? turned.map((tensor) => cast(m, tensor, query.dtype)) : turned;
  });
  if (turnedQuery === undefined || turnedKey === undefined) throw new Error("rotary lost a tensor");
  return [turnedQuery, turnedKey];
}

/** `(x * cos) + (rotate_half(x) * sin)`. */
function turn(m: Machine, x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  return m.frame((frame) => {
    const straight = frame.hold(mul(m, x, cos));
    return add(m, straight, mul(m, rotateHalf(m, x), sin));
  });
}

/** `cat(-second half, first half)`. */
function rotateHalf(m: Machine, x: Tensor): Tensor {
  const half = x.size(-1) / 2;
  return m.frame((frame) => {
    const first = frame.hold(slice(m, x, -1, 0, half));
    const second = frame.hold(slice(m, x, -1, half, 2 * half));
    return cat(m, [neg(m, second), first], -1);
  });
}

/** Parts of a head: the first `dim` dimensions turn, the rest passes. */
function cutHeads(m: Machine, frame: Frame, x: Tensor, dim: number) {
  return {
    turning: frame.hold(slice(m, x, -1, 0, dim)),
    passing: frame.hold(slice(m, x, -1, dim, x.size(-1))),
  };
}

function partial(
  m: Machine,
  tensors: readonly [Tensor, Tensor],
  cos: Tensor,
  sin: Tensor,
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
      frame.hold(cat(m, [turn(m, turning, cos, sin), passing], -1)),
    );
  });
}
