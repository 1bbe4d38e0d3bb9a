/**
 * A layer that works on one of several streams, predicts all of them before, and corrects them behind (AltUp), with a low-rank
 * path beside attention (Laurel).
 *
 * Source: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nTextDecoderLayer`, `Gemma3nTextAltUp`,
 * `Gemma3nTextLaurelBlock`.
 */

import type { AlternatingLayerForward, AlternatingUpdates } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { clamp, tanh } from "../../machine/ops/activations.js";
import { addIntoPart, writeBack } from "../../machine/ops/assign.js";
import { cast } from "../../machine/ops/cast.js";
import {
  add,
  addInPlace,
  addScalar,
  divScalar,
  mul,
  mulScalar,
  subtract,
} from "../../machine/ops/elementwise.js";
import { batchedMatmul, linear } from "../../machine/ops/matmul.js";
import { copies } from "../../machine/ops/stack.js";
import {
  cloneAsIs,
  contiguous,
  lastOf,
  permute,
  reshape,
  select,
  unsqueeze,
} from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import { callLinear } from "./linear.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";

interface LayerCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: AlternatingLayerForward;
}

/** `layer(streams)`: (copies, b, s, hidden_size) → the same. */
export function callAlternatingLayer(
  m: Machine,
  module: BoundModule,
  streams: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "alternating_layer") throw new Error(`${module.path} is another layer`);
  return m.call(module.path, [streams], (frame) => {
    const call = { m, frame, module, forward };
    const norm = (name: string, x: Tensor): Tensor => callNorm(m, childOf(module, name), x);
    const predictions = frame.hold(predicted(call, streams));
    const active = frame.hold(select(m, predictions, 0));
    const normed = frame.hold(norm(forward.preAttentionNorm, active));
    const laurel = frame.hold(callLaurel(m, childOf(module, forward.laurel), normed));
    const mixer = childOf(module, forward.attention);
    const [output, scores] = callMixer(m, mixer, normed, context);
    frame.hold(output);
    if (scores !== undefined) frame.hold(scores);
    const attended = frame.rebind(output, norm(forward.postAttentionNorm, output));
    const gated = frame.hold(add(m, active, attended));
    const middle = frame.hold(divScalar(m, add(m, gated, laurel)));
    const mlpInput = frame.hold(norm(forward.preMlpNorm, middle));
    const fed = frame.hold(callMlp(m, childOf(module, forward.mlp), mlpInput));
    const mlpOutput = frame.hold(norm(forward.postMlpNorm, fed));
    const activated = frame.hold(add(m, middle, mlpOutput));
    const all = frame.hold(corrected(call, predictions, activated));
    const own = perLayer(call, all, context.perLayer ?? missing());
    const rest = [all.size(0) - 1, ...all.shape.slice(1)];
    const added = addIntoPart(m, all, rest, own);
    return writeBack(m, added, lastOf(m, added, 0, all.size(0) - 1));
  });
}

/** `tanh(router(norm(x) * number).float())`: (b, s, copies). */
function modalities({ m, module, forward: { updates: names } }: LayerCall, x: Tensor): Tensor {
  const altup = childOf(module, names.module);
  return m.frame((frame) => {
    const inputs = frame.hold(mulScalar(m, callNorm(m, childOf(altup, names.norm), x)));
    const routed = frame.hold(callLinear(m, childOf(altup, names.router), inputs));
    return cast(m, tanh(m, cast(m, routed, "float32")), x.dtype);
  });
}

/** Every stream plus a mixture of all, by coefficients per token. */
function predicted(call: LayerCall, streams: Tensor): Tensor {
  const { m, module, forward } = call;
  const { updates: names } = forward;
  const altup = childOf(module, names.module);
  return m.frame((frame) => {
    const [count = 1, rows = 1, length = 1] = streams.shape;
    const routed = frame.hold(modalities(call, select(m, streams, 0)));
    const flat = callLinear(m, childOf(altup, names.prediction), routed);
    const square = reshape(m, flat, [rows, length, count, count]);
    const coefficients = frame.hold(permute(m, square, [0, 1, 3, 2]));
    const mixed = batchedMatmul(m, permute(m, streams, [1, 2, 3, 0]), coefficients);
    // Through a permuted view of the product.
    const held = frame.hold(mixed);
    const summed = addIntoPart(m, held, streams.shape, streams);
    const predictions = frame.rebind(held, permute(m, summed, [3, 0, 1, 2]));
    return cast(m, contiguous(m, predictions), streams.dtype);
  });
}

/** Every stream corrected by what the layer changed in the active one. */
function corrected(call: LayerCall, predictions: Tensor, activated: Tensor): Tensor {
  const { m, module, forward } = call;
  const { updates: names } = forward;
  const altup = childOf(module, names.module);
  return m.frame((frame) => {
    const routed = frame.hold(modalities(call, activated));
    const change = frame.hold(subtract(m, activated, select(m, predictions, 0)));
    const innovation = frame.rebind(change, copies(m, change, predictions.size(0)));
    const factors = frame.hold(addScalar(m, corrections({ m, frame, altup, names }, routed)));
    const perStream = frame.rebind(factors, unsqueeze(m, permute(m, factors, [2, 0, 1]), -1));
    const product = frame.hold(mul(m, innovation, perStream));
    const sum = frame.rebind(product, addInPlace(m, product, predictions));
    return cast(m, contiguous(m, sum), activated.dtype);
  });
}

interface Correcting {
  readonly m: Machine;
  readonly frame: Frame;
  readonly altup: BoundModule;
  readonly names: AlternatingUpdates;
}

/** By the weight within a bound, whatever adapter is on it. */
function corrections({ m, frame, altup, names }: Correcting, routed: Tensor): Tensor {
  const weight = parameterOf(childOf(altup, names.correction), "weight");
  return linear(m, routed, frame.hold(clamp(m, weight, ["ge", "le"])));
}

/** What the token adds to this layer, by the active stream, which is scaled in a copy. */
function perLayer({ m, frame, module, forward }: LayerCall, all: Tensor, input: Tensor): Tensor {
  const { inputPerLayer: names, updates } = forward;
  const altup = childOf(module, updates.module);
  let first = frame.hold(cloneAsIs(m, select(m, all, 0)));
  if (updates.scale !== undefined) {
    const scale = parameterOf(altup, updates.scale);
    const scaled = cast(m, mul(m, cast(m, first, scale.dtype), scale), first.dtype);
    first = frame.rebind(first, scaled);
  }
  first = frame.rebind(first, callLinear(m, childOf(module, names.gate), first));
  first = frame.rebind(first, callActivation(m, module, names, first));
  first = frame.rebind(first, mul(m, first, input));
  first = frame.rebind(first, callLinear(m, childOf(module, names.projection), first));
  return frame.rebind(first, callNorm(m, childOf(module, names.norm), first));
}

/** `x + norm(right(left(x)))`. */
function callLaurel(m: Machine, module: BoundModule, x: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "laurel") throw new Error(`${module.path} is no low-rank path`);
  return m.call(module.path, [x], (frame) => {
    const low = frame.hold(callLinear(m, childOf(module, forward.left), x));
    const wide = frame.rebind(low, callLinear(m, childOf(module, forward.right), low));
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), wide));
    return add(m, x, normed);
  });
}
