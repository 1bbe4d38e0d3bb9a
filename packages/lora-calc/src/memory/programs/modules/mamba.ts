/** A state space per channel, with its convolution and gate; what depends on the token comes from narrow projections. */

import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { exp } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { neg } from "../../machine/ops/elementwise.js";
import { matrixTimes } from "../../machine/ops/matmul.js";
import { chunkDim, splitLastDim } from "../../machine/ops/split.js";
import { transpose } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { missing } from "../../../problem/missing.js";
import { callLinear } from "./linear.js";
import { overTime, withoutPadding } from "./over-time.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). Source: `MambaMixer.forward`. */
export function callMamba(
  m: Machine,
  module: BoundModule,
  given: Tensor,
  { padding }: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "mamba") throw new Error(`${module.path} is no state space per channel`);
  return m.call(module.path, [given], (frame) => {
    const hidden = frame.hold(withoutPadding(m, given, padding));
    const projected = callLinear(m, childOf(module, forward.input), hidden);
    const both = frame.hold(transpose(m, projected, 1, 2));
    const rate = frame.hold(neg(m, exp(m, cast(m, parameterOf(module, "A_log"), "float32"))));
    const step = childOf(module, forward.step);
    askForKernel(m, [
      childOf(module, forward.output).parameters.get("bias"),
      ...[parameterOf(module, "D"), step.parameters.get("bias")],
    ]);
    const [inner = missing(), gate = missing()] = chunkDim(m, both, 1, 2);
    for (const half of [inner, gate]) frame.hold(half);
    const convolution = childOf(module, forward.convolution);
    const convolved = frame.rebind(inner, overTime(m, convolution, inner, "silu"));
    const turned = withoutPadding(m, transpose(m, convolved, 1, 2), padding);
    const channels = frame.rebind(convolved, turned);
    const scanned = scanOf({ m, frame, module, rate }, channels, gate);
    const last = frame.hold(scanned);
    const narrow = cast(m, transpose(m, last, 1, 2), given.dtype);
    return callLinear(m, childOf(module, forward.output), narrow);
  });
}

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  /** (width, state), fp32. */
  readonly rate: Tensor;
}

/** `channels` (b, s, width), `gate` (b, width, s) → (b, width, s). */
function scanOf({ m, frame, module, rate }: Call, channels: Tensor, gate: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "mamba") throw new Error(`${module.path} is no state space per channel`);
  const { rank, stateSize } = forward;
  const made = callLinear(m, childOf(module, forward.parameters), channels);
  const [narrow = missing(), input = missing(), output = missing()] = splitLastDim(m, made, [
    rank,
    ...[stateSize, stateSize],
  ]);
  for (const part of [narrow, input, output]) frame.hold(part);
  const wider = childOf(module, forward.step);
  const weight = parameterOf(wider, "weight");
  const step = frame.rebind(narrow, matrixTimes(m, weight, transpose(m, narrow, 1, 2)));
  const stepBias = frame.hold(cast(m, parameterOf(wider, "bias"), "float32"));
  return module.kernels.mambaScan(m, {
    ...{ rate, step, stepBias, gate },
    hidden: transpose(m, channels, 1, 2),
    input: transpose(m, input, 1, 2),
    output: transpose(m, output, 1, 2),
    direct: cast(m, parameterOf(module, "D"), "float32"),
  });
}

/** The fused kernel is asked first; without mamba_ssm it does nothing, but its arguments were turned to fp32. */
function askForKernel(m: Machine, parameters: readonly (Tensor | undefined)[]): void {
  m.frame((frame) => {
    for (const each of parameters) {
      if (each !== undefined) frame.hold(cast(m, each, "float32"));
    }
    return [];
  });
}
