/**
 * Several copies of the hidden states: what stands before the layers, which take turns with them, and behind.
 *
 * Source: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nTextModel.forward`.
 */

import type { StreamsForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import type { Dtype } from "../../../units/dtype.js";
import { clamp } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { div, mul, pow } from "../../machine/ops/elementwise.js";
import { extreme, squareRoot } from "../../machine/ops/extremes.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import { meanFirst, stackFirst } from "../../machine/ops/stack.js";
import { select } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";

interface StreamsCall {
  readonly m: Machine;
  /** Of the decoder: its variables live until it returns. */
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly streams: StreamsForward;
}

/** Variables of the decoder that the loop behind the layers binds anew. */
export interface StreamVariables {
  readonly magnitude: Tensor;
  /** A small number, where it is a tensor on the device. */
  readonly least: Tensor | undefined;
  /** The first stream and those that were made of it. */
  readonly list: readonly Tensor[];
  readonly current: Tensor;
  readonly scale: Tensor;
}

/** (b, s, hidden_size) → (copies, b, s, hidden_size): the others are projections of the first, as large as it is. */
export function expandStreams(
  call: StreamsCall,
  first: Tensor,
): readonly [streams: Tensor, variables: StreamVariables] {
  const { m, frame, module, streams } = call;
  const magnitude = frame.hold(magnitudeOf(m, first));
  const least = streams.clamps ? undefined : frame.hold(m.empty("lift_fresh", [], "float32"));
  frame.hold(first);
  const modules = childOf(module, streams.projections).elements;
  const { dtype } = first;
  const made = scaledStreams(call, modules, { magnitude, least, dtype, inputOf: () => first });
  const stacked = frame.hold(stackFirst(m, [first, ...made.list]));
  return [stacked, { ...made, magnitude, least, list: [first, ...made.list] }];
}

/** The mean of all streams, the others projected back. */
export function joinStreams(call: StreamsCall, hidden: Tensor, before: StreamVariables): Tensor {
  const { m, frame, module, streams } = call;
  const magnitude = frame.rebind(before.magnitude, magnitudeOf(m, select(m, hidden, 0)));
  const first = frame.hold(select(m, hidden, 0));
  for (const each of before.list) frame.drop(each);
  const modules = childOf(module, streams.unembeds).elements;
  const { dtype } = before.list[0] ?? missing();
  const inputOf = (): Tensor => select(m, hidden, 0);
  const made = scaledStreams(call, modules, { ...before, magnitude, dtype, inputOf }, before);
  const stacked = frame.rebind(hidden, stackFirst(m, [first, ...made.list]));
  return frame.rebind(stacked, meanFirst(m, stacked));
}

/** `mean(x ** 2, -1) ** 0.5`. */
function magnitudeOf(m: Machine, x: Tensor): Tensor {
  return pow(m, meanLastDim(m, pow(m, x)));
}

interface Scaling {
  readonly magnitude: Tensor;
  readonly least: Tensor | undefined;
  /** Of the first stream as it was embedded. */
  readonly dtype: Dtype;
  readonly inputOf: () => Tensor;
}

/** Each projected and scaled to the magnitude of the first; the last ones of the loop's variables stay. */
function scaledStreams(
  { m, frame }: StreamsCall,
  modules: readonly BoundModule[],
  { magnitude, least, dtype, inputOf }: Scaling,
  before?: StreamVariables,
): Omit<StreamVariables, "magnitude" | "least"> {
  let projected: Tensor | undefined;
  let { current, scale }: Partial<StreamVariables> = before ?? {};
  const bind = (old: Tensor | undefined, value: Tensor): Tensor =>
    old === undefined ? frame.hold(value) : frame.rebind(old, value);
  const list = modules.map((module) => {
    projected = bind(projected, callLinear(m, module, inputOf()));
    current = bind(current, cast(m, projected, dtype));
    const mean = bind(scale, meanLastDim(m, pow(m, current)));
    const atLeast =
      least === undefined ? clamp(m, mean, ["ge"]) : extreme(m, "maximum", mean, least);
    scale = frame.rebind(mean, squareRoot(m, atLeast));
    current = frame.rebind(current, div(m, mul(m, current, magnitude), scale));
    return frame.hold(current);
  });
  return { list, current: current ?? missing(), scale: scale ?? missing() };
}
