/** Attention as Unsloth runs it: projections in one node, heads turned in place, and no mask, for padding stands at the right. */

import { missing } from "../../../problem/missing.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { expand, reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "../modules/linear.js";
import { fastNorm } from "./norm.js";
import { project, projectTogether } from "./projections.js";
import type { UnslothRun } from "./run.js";
import { attentionWithoutGradient, efficientAttention, flashAttention } from "./xformers.js";

/** Adapters without dropout and no biases: what Unsloth's own autograd functions take. */
export function isFast(modules: readonly BoundModule[]): boolean {
  return modules.every(
    ({ lora, parameters }) =>
      lora?.settings.dropout === 0 &&
      lora.magnitude === undefined &&
      lora.bias === undefined &&
      !parameters.has("bias"),
  );
}

/** `attention(hidden)`: (b, s, hidden_size) → the same. Source: unsloth models/llama.py `LlamaAttention_fast_forward`. */
export function fastAttention(
  m: Machine,
  run: UnslothRun,
  module: BoundModule,
  hidden: Tensor,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "attention" || forward.projections.kind !== "separate")
    throw new Error(`${module.path} has no path of Unsloth's own`);
  const { projections, queryKeyNorm, headDim, output } = forward;
  return m.call(module.path, [hidden], (frame) => {
    const modules = [projections.query, projections.key, projections.value].map((name) =>
      childOf(module, name),
    );
    const made = isFast(modules)
      ? projectTogether(m, run, hidden, modules)
      : modules.map((each) => callLinear(m, each, hidden));
    for (const each of made) frame.hold(each);
    const shape = hidden.shape.slice(0, -1);
    const [query = missing(), key = missing(), value = missing()] = made.map((each) =>
      frame.rebind(each, view(m, each, [...shape, -1, headDim])),
    );
    const normed = [query, key].map((each, index) => {
      if (queryKeyNorm === undefined) return each;
      const norm = childOf(module, index === 0 ? queryKeyNorm.query : queryKeyNorm.key);
      return frame.rebind(each, fastNorm(m, each, parameterOf(norm, "weight"), false));
    });
    const turned = normed.map((each) => frame.rebind(each, turnedInPlace(m, each)));
    const [queries = missing(), keys = missing()] = turned;
    const attended = frame.hold(
      attend({ m, run, frame }, [queries, keys, value], hidden.requiresGrad),
    );
    const joined = frame.rebind(attended, reshape(m, attended, [...shape, -1]));
    const last = childOf(module, output ?? missing());
    return isFast([last]) ? project(m, run, joined, last) : callLinear(m, last, joined);
  });
}

interface AttendCall {
  readonly m: Machine;
  readonly run: UnslothRun;
  readonly frame: Frame;
}

function attend(
  { m, run, frame }: AttendCall,
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  needsGradient: boolean,
): Tensor {
  const { attention, sm } = run.use;
  if (attention === "flash") return flashAttention(m, [query, key, value]);
  if (!needsGradient) return attentionWithoutGradient(m, [query, key, value], sm);
  const groups = query.size(2) / key.size(2);
  if (groups === 1) return efficientAttention(m, [query, key, value], sm);
  const [keys = missing(), values = missing()] = [key, value]
    .map((each) => repeated(m, each, groups))
    .map((each, index) => frame.rebind(index === 0 ? key : value, each));
  return efficientAttention(m, [query, keys, values], sm);
}

/** Each head of keys or values once for every query head that shares it, copied. */
function repeated(m: Machine, x: Tensor, groups: number): Tensor {
  const [batch = 1, length = 1, heads = 1, dim = 1] = x.shape;
  const apart = view(m, x, [batch, length, heads, 1, dim]);
  const wide = expand(m, apart, [batch, length, heads, groups, dim]);
  return reshape(m, wide, [batch, length, heads * groups, dim]);
}

/** Rotary positions, written where the heads lie, in backward where their gradient lies. */
function turnedInPlace(m: Machine, x: Tensor): Tensor {
  const node = m.track("Fast_RoPE_Embedding", [x]);
  const output = m.alias(x);
  if (node !== undefined) {
    const { shape } = x;
    const [batch = 1, length = 1] = shape;
    node.backward = (gradient) => [view(m, reshape(m, gradient, [batch * length, -1]), shape)];
  }
  m.finish(node, [output], [x]);
  return output;
}
