/** Linear attention by the gated delta rule, with its convolution, gate and norm. */

import type { DeltaProjections, GatedDeltaNetForward } from "../../../graph/tree/forward.js";
import type { AttentionContext, BoundModule, DeltaStates } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { activate, exp, sigmoid, softplus } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import {
  add,
  addScalar,
  cat,
  mul,
  mulScalar,
  neg,
  pow,
  rsqrt,
} from "../../machine/ops/elementwise.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import { repeatEach } from "../../machine/ops/repeat.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { lastOf, reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { overTime, withoutPadding } from "./over-time.js";
import { callLinear } from "./linear.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callGatedDeltaNet(
  m: Machine,
  module: BoundModule,
  given: Tensor,
  { padding }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "gated_delta_net") throw new Error(`${module.path} is no gated delta net`);
  return m.call(module.path, [given], (frame) => {
    const hidden = frame.hold(withoutPadding(m, given, padding));
    const { keyHeads, keyHeadDim, valueHeads, valueHeadDim } = forward;
    const heads = (x: Tensor, dim: number): Tensor =>
      reshape(m, x, [...hidden.shape.slice(0, -1), -1, dim]);
    const made = projected({ m, frame, module, forward }, hidden);
    const { mixed, gate, beta, decay, before } = made;
    const convolved = frame.rebind(
      mixed,
      overTime(m, childOf(module, forward.convolution), mixed, "silu"),
    );
    const isApart = forward.projections.kind === "apart";
    const last = isApart
      ? frame.rebind(convolved, lastOf(m, convolved, 2, hidden.size(1)))
      : convolved;
    const turned = frame.rebind(last, transpose(m, last, 1, 2));
    const keys = keyHeads * keyHeadDim;
    const parts = splitLastDim(m, turned, [keys, keys, valueHeads * valueHeadDim]);
    for (const part of parts) frame.hold(part);
    for (const each of before) frame.drop(each);
    const dims = [keyHeadDim, keyHeadDim, valueHeadDim];
    const cut = parts.map((part, index) =>
      frame.rebind(part, heads(part, dims[index] ?? keyHeadDim)),
    );
    const { repeatsHeads, run } = module.kernels.gatedDeltaRule;
    const repeats = repeatsHeads ? 1 : valueHeads / keyHeads;
    const numbers = (): readonly [Tensor, Tensor] => {
      const written = frame.hold(sigmoid(m, beta()));
      const doubled =
        forward.doublesBeta === true ? frame.rebind(written, mulScalar(m, written)) : written;
      return [doubled, frame.hold(fadingOf(m, module, forward, decay))];
    };
    const early = isApart ? undefined : numbers();
    const [query, key, value] = cut.map((part, index) =>
      index === 2 || repeats === 1 ? part : frame.rebind(part, repeatEach(m, part, repeats)),
    );
    if (query === undefined || key === undefined || value === undefined)
      throw new Error("a split lost a part");
    const [written, fading] = early ?? numbers();
    const states: DeltaStates = { query, key, value, decay: fading, beta: written };
    const attended = frame.hold(run(m, states));
    const open = gate();
    const rows = frame.rebind(attended, reshape(m, attended, [-1, valueHeadDim]));
    const gates = frame.rebind(open, reshape(m, open, [-1, valueHeadDim]));
    const normed = frame.rebind(rows, gatedNorm(m, childOf(module, forward.norm), rows, gates));
    const joined = frame.rebind(normed, view(m, normed, [...hidden.shape.slice(0, -1), -1]));
    return callLinear(m, childOf(module, forward.output), joined);
  });
}

interface DeltaCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: GatedDeltaNetForward;
}

/** Queries, keys and values (b, channels, s); gates, in a variable; beta and decay (b, s, heads): made before, or when asked for. */
interface Projected {
  readonly mixed: Tensor;
  readonly gate: () => Tensor;
  readonly beta: () => Tensor;
  readonly decay: () => Tensor;
  /** Earlier queries, keys and values, which the next ones take the variables of. */
  readonly before: readonly Tensor[];
}

function projected(call: DeltaCall, hidden: Tensor): Projected {
  const { m, frame, module, forward } = call;
  const { projections } = forward;
  const project = (name: string): Tensor => callLinear(m, childOf(module, name), hidden);
  if (projections.kind === "joint") return cutOfJoint(call, projections, project);
  const gated = (): Tensor => project(projections.gate);
  if (projections.kind === "apart") {
    const parts = [projections.query, projections.key, projections.value].map(project);
    return {
      mixed: frame.hold(transpose(m, cat(m, parts, -1), 1, 2)),
      gate: () => frame.hold(gated()),
      beta: () => project(projections.beta),
      decay: () => project(projections.decay),
      before: [],
    };
  }
  const mixed = frame.hold(transpose(m, project(projections.mixed), 1, 2));
  const shape = [...hidden.shape.slice(0, -1), -1, forward.valueHeadDim];
  const gate = frame.hold(reshape(m, gated(), shape));
  const beta = frame.hold(project(projections.beta));
  const decay = frame.hold(project(projections.decay));
  return { mixed, gate: () => gate, beta: () => beta, decay: () => decay, before: [] };
}

/** Source: transformers models/qwen3_next/modeling_qwen3_next.py `fix_query_key_value_ordering`. */
function cutOfJoint(
  { m, frame, forward }: DeltaCall,
  names: Extract<DeltaProjections, { kind: "joint" }>,
  project: (name: string) => Tensor,
): Projected {
  const { keyHeads, keyHeadDim, valueHeads, valueHeadDim } = forward;
  const both = frame.hold(project(names.mixedAndGate));
  const numbers = frame.hold(project(names.betaAndDecay));
  const start = both.shape.slice(0, 2);
  const perHead = valueHeads / keyHeads;
  const width = perHead * valueHeadDim;
  const cut = (x: Tensor, sizes: readonly number[]): readonly Tensor[] =>
    splitLastDim(m, view(m, x, [...start, keyHeads, -1]), sizes);
  const cuts = [
    ...cut(both, [keyHeadDim, keyHeadDim, width, width]),
    ...cut(numbers, [perHead, perHead]),
  ];
  const shapes = [undefined, undefined, [-1, valueHeadDim], [-1, valueHeadDim], [-1], [-1]];
  const parts = cuts.map((part, index) => {
    const shape = shapes[index];
    return shape === undefined ? part : reshape(m, part, [...start, ...shape]);
  });
  for (const part of parts) frame.hold(part);
  const [query, key, value, gate, beta, decay] = parts;
  if (!query || !key || !value || !gate || !beta || !decay) throw new Error("a split lost a part");
  const flat = [query, key, value].map((x) => frame.rebind(x, reshape(m, x, [...start, -1])));
  const mixed = frame.hold(transpose(m, cat(m, flat, -1), 1, 2));
  return { mixed, gate: () => gate, beta: () => beta, decay: () => decay, before: flat };
}

/** `-A_log.float().exp() * softplus(a.float() + dt_bias)`. */
function fadingOf(
  m: Machine,
  module: BoundModule,
  forward: GatedDeltaNetForward,
  decay: () => Tensor,
): Tensor {
  const rate = neg(m, exp(m, cast(m, parameterOf(module, forward.decayLog), "float32")));
  const bias = parameterOf(module, forward.decayBias);
  return mul(m, rate, softplus(m, add(m, cast(m, decay(), "float32"), bias)));
}

/** `(weight * normed(x).to(dtype) * silu(gate.float())).to(dtype)`. */
function gatedNorm(m: Machine, module: BoundModule, x: Tensor, gate: Tensor): Tensor {
  return m.call(module.path, [x, gate], (frame) => {
    const float = frame.hold(cast(m, x, "float32"));
    const variance = frame.hold(meanLastDim(m, pow(m, float)));
    const normed = frame.rebind(float, mul(m, float, rsqrt(m, addScalar(m, variance))));
    const scaled = frame.rebind(
      normed,
      mul(m, parameterOf(module, "weight"), cast(m, normed, x.dtype)),
    );
    const wide = cast(m, gate, "float32");
    const opened = m.call("SiLUActivation", [wide], () => activate(m, "silu", wide));
    const gated = frame.rebind(scaled, mul(m, scaled, opened));
    return cast(m, gated, x.dtype);
  });
}
