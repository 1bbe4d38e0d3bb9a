/** A state space whose step, input and output depend on the token, with its convolution, gate and norm. */

import type { Mamba2Forward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate, exp } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { addScalar, mul, mulScalar, neg, pow, rsqrt } from "../../machine/ops/elementwise.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { overTime, withoutPadding } from "./over-time.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). Source: `GraniteMoeHybridMambaLayer.forward`. */
export function callMamba2(
  m: Machine,
  module: BoundModule,
  given: Tensor,
  { padding }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "mamba2") throw new Error(`${module.path} is no state space`);
  const { heads, headDim, groups, stateSize, chunk } = forward;
  const [width, state] = [heads * headDim, groups * stateSize];
  const isGrouped = forward.groupsNorm === true || module.kernels.mamba2.groupsNorm;
  return m.call(module.path, [given], (frame) => {
    const [rows = 1, length = 1] = given.shape;
    let hidden = frame.hold(withoutPadding(m, given, padding));
    const factors = forward.scales === undefined ? undefined : module.buffers.get(forward.scales);
    if (factors !== undefined) hidden = frame.rebind(hidden, mulScalar(m, hidden));
    let projected = frame.hold(callLinear(m, childOf(module, forward.input), hidden));
    if (factors !== undefined) projected = frame.rebind(projected, mul(m, projected, factors));
    const rate = frame.hold(neg(m, exp(m, cast(m, parameterOf(module, "A_log"), "float32"))));
    const sizes = [width, width + 2 * state, heads];
    const [gate = missing(), mixed = missing(), step = missing()] = splitLastDim(
      m,
      projected,
      sizes,
    );
    for (const part of [gate, mixed, step]) frame.hold(part);
    const turned = frame.rebind(mixed, transpose(m, mixed, 1, 2));
    const convolved = frame.rebind(
      turned,
      overTime(m, childOf(module, forward.convolution), turned, "silu"),
    );
    const back = withoutPadding(m, transpose(m, convolved, 1, 2), padding);
    const masked = frame.rebind(convolved, back);
    const [inner = missing(), input = missing(), output = missing()] = splitLastDim(m, masked, [
      width,
      state,
      state,
    ]);
    for (const part of [inner, input, output]) frame.hold(part);
    frame.drop(hidden);
    const grouped = (x: Tensor): Tensor => view(m, x, [rows, length, groups, stateSize]);
    const scanned = module.kernels.mamba2.scan(m, {
      hidden: view(m, inner, [rows, length, heads, headDim]),
      ...{ step, rate, input: grouped(input), output: grouped(output), chunk },
      ...{ direct: parameterOf(module, "D"), stepBias: parameterOf(module, "dt_bias") },
    });
    const held = frame.hold(scanned);
    // The scan's own variable stays.
    const joined = frame.hold(reshape(m, held, [rows, length, width]));
    const gated = { x: joined, gate, groups: isGrouped ? groups : 1 };
    const normed = frame.rebind(joined, gatedBy(m, module, forward, gated));
    return callLinear(m, childOf(module, forward.output), cast(m, normed, given.dtype));
  });
}

interface Gated {
  readonly x: Tensor;
  readonly gate: Tensor;
  /** Parts of the width that are normalised each for itself. */
  readonly groups: number;
}

function gatedBy(
  m: Machine,
  module: BoundModule,
  { norm, weighsGroups, groups }: Mamba2Forward,
  gated: Gated,
): Tensor {
  if (norm === undefined) return mul(m, gated.x, activate(m, "silu", gated.gate));
  const of = childOf(module, norm);
  if (weighsGroups === undefined) return gatedFirst(m, of, gated);
  return weighed(m, of, { ...gated, groups }, weighsGroups);
}

/**
 * `weight * normed(x)` in fp32, each group of heads for itself, with `silu(gate.float())` as a factor before or behind.
 *
 * Source: transformers models/falcon_h1/modeling_falcon_h1.py `FalconH1RMSNormGated`.
 */
function weighed(
  m: Machine,
  module: BoundModule,
  { x, gate, groups }: Gated,
  order: "gate_first" | "gate_last",
): Tensor {
  return m.call(module.path, [x, gate], (frame) => {
    const width = x.size(-1) / groups;
    const opened = (y: Tensor): Tensor => mul(m, y, activate(m, "silu", cast(m, gate, "float32")));
    const given = frame.hold(order === "gate_first" ? opened(x) : x);
    const wide = frame.rebind(given, cast(m, given, "float32"));
    const parts = frame.rebind(wide, view(m, wide, [...x.shape.slice(0, -1), groups, width]));
    const variance = frame.hold(meanLastDim(m, pow(m, parts)));
    const normed = frame.rebind(parts, mul(m, parts, rsqrt(m, addScalar(m, variance))));
    const weight = view(m, parameterOf(module, "weight"), [groups, width]);
    const product = frame.rebind(normed, mul(m, weight, normed));
    const joined = frame.rebind(product, view(m, product, x.shape));
    const last = order === "gate_last" ? frame.rebind(joined, opened(joined)) : joined;
    return cast(m, last, x.dtype);
  });
}

/** `weight * normed(x.float() * silu(gate.float())).to(dtype)`. */
function gatedFirst(m: Machine, module: BoundModule, { x, gate, groups }: Gated): Tensor {
  return m.call(module.path, [x, gate], (frame) => {
    const wide = frame.hold(cast(m, x, "float32"));
    const opened = activate(m, "silu", cast(m, gate, "float32"));
    const gated = frame.rebind(wide, mul(m, wide, opened));
    const parts = frame.hold(
      view(m, gated, [...x.shape.slice(0, -1), groups, x.size(-1) / groups]),
    );
    const variance = frame.hold(meanLastDim(m, pow(m, parts)));
    const normed = frame.rebind(parts, mul(m, parts, rsqrt(m, addScalar(m, variance))));
    const joined = frame.rebind(gated, view(m, normed, x.shape));
    return mul(m, parameterOf(module, "weight"), cast(m, joined, x.dtype));
  });
}
