/**
 * The scan of Mamba token by token: what transformers runs where mamba_ssm is not installed. Its variables live as long as it.
 *
 * Source: transformers models/mamba/modeling_mamba.py `mamba_selective_scan`, the recurrent iteration (the associative scan
 * runs under torch.compile alone).
 */

import { missing } from "../../../../problem/missing.js";
import type { SelectiveStates } from "../../../load/bound-module.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { activate, exp, softplus } from "../../../machine/ops/activations.js";
import { cast } from "../../../machine/ops/cast.js";
import { add, mul, stackLast } from "../../../machine/ops/elementwise.js";
import { batchedProduct } from "../../../machine/ops/matmul.js";
import { select, transpose, unsqueeze } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** (b, width, s). */
export function mambaScan(m: Machine, states: SelectiveStates): Tensor {
  return m.frame((frame) => {
    const { hidden, gate, direct } = states;
    for (const each of Object.values(states) as readonly Tensor[]) frame.hold(each);
    const { fading, entering, output } = inTime(m, frame, states);
    const joined = overTokens(m, frame, { fading, entering, output, dtype: hidden.dtype });
    const skipped = mul(m, hidden, unsqueeze(m, unsqueeze(m, direct, 0), -1));
    const summed = frame.rebind(joined, add(m, joined, skipped));
    return mul(m, summed, activate(m, "silu", gate));
  });
}

interface InTime {
  /** How much of a state stays, (b, width, s, state), fp32. */
  readonly fading: Tensor;
  /** What is added to it, of the same shape. */
  readonly entering: Tensor;
  /** (b, s, state). */
  readonly output: Tensor;
}

function inTime(m: Machine, frame: Frame, states: SelectiveStates): InTime {
  const { hidden, rate, stepBias } = states;
  const biased = add(m, states.step, unsqueeze(m, cast(m, stepBias, states.step.dtype), -1));
  const raw = frame.hold(biased);
  const step = frame.rebind(raw, softplus(m, raw));
  const input = frame.hold(transpose(m, states.input, 1, 2));
  const output = frame.hold(transpose(m, states.output, 1, 2));
  const perState = (): Tensor => unsqueeze(m, step, -1);
  const rates = unsqueeze(m, unsqueeze(m, rate, 0), 2);
  const fading = frame.hold(exp(m, mul(m, rates, perState())));
  const inputs = cast(m, unsqueeze(m, input, 1), "float32");
  const weights = frame.hold(mul(m, perState(), inputs));
  const values = cast(m, unsqueeze(m, hidden, -1), "float32");
  return { fading, entering: frame.hold(mul(m, weights, values)), output };
}

/** The outputs of all tokens, (b, width, s). */
function overTokens(
  m: Machine,
  frame: Frame,
  { fading, entering, output, dtype }: InTime & Pick<Tensor, "dtype">,
): Tensor {
  const [rows = 1, width = 1, length = 1, size = 1] = fading.shape;
  let state = frame.hold(m.empty("zeros", [rows, width, size], dtype));
  let product: Tensor | undefined;
  const outputs: Tensor[] = [];
  for (let token = 0; token < length; token += 1) {
    const kept = mul(m, select(m, fading, 2), state);
    state = frame.rebind(state, add(m, kept, select(m, entering, 2)));
    const narrow = cast(m, state, dtype);
    const next = frame.hold(batchedProduct(m, narrow, unsqueeze(m, select(m, output, 1), -1)));
    if (product !== undefined) frame.drop(product);
    product = next;
    outputs.push(frame.hold(select(m, next, 2)));
  }
  return frame.rebind(product ?? missing(), stackLast(m, outputs));
}
