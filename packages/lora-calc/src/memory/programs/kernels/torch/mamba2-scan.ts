/**
 * The scan of Mamba 2 chunk by chunk: what transformers runs where mamba_ssm is not installed. Its variables live as long as it.
 *
 * Source: transformers models/granitemoehybrid/modeling_granitemoehybrid.py `mamba2_chunk_scan`, `segment_sum`.
 */

import type { ScanStates } from "../../../load/bound-module.js";
import { ceilTo } from "../../../machine/layout.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { clamp, exp, softplus } from "../../../machine/ops/activations.js";
import { cast } from "../../../machine/ops/cast.js";
import { einsum } from "../../../machine/ops/einsum.js";
import { add, cat, mul, subtract } from "../../../machine/ops/elementwise.js";
import { maskedFill } from "../../../machine/ops/masked.js";
import { repeatEach } from "../../../machine/ops/repeat.js";
import { cumsum, padded } from "../../../machine/ops/scan.js";
import {
  contiguous,
  expand,
  lastOf,
  permute,
  reshape,
  select,
  slice,
  transpose,
  unsqueeze,
} from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** Chunks (b, c, l, heads, …), and what the positions themselves add (b, s, heads, d). */
interface Chunks {
  readonly hidden: Tensor;
  readonly decay: Tensor;
  readonly input: Tensor;
  readonly output: Tensor;
  readonly direct: Tensor;
}

/** (b, s, heads, d). */
export function mamba2ChunkScan(m: Machine, states: ScanStates): Tensor {
  return m.frame((frame) => {
    const length = states.hidden.size(1);
    const [rows = 1, , heads = 1, dim = 1] = states.hidden.shape;
    const chunks = inChunks(m, frame, states);
    const parts = overChunks(m, frame, chunks);
    const sum = frame.hold(contiguous(m, add(m, parts.within, parts.between)));
    const joined = frame.rebind(sum, reshape(m, sum, [rows, -1, heads, dim]));
    const output = frame.rebind(joined, add(m, joined, chunks.direct));
    return slice(m, output, 1, [0, length]);
  });
}

function inChunks(m: Machine, frame: Frame, { chunk, ...states }: ScanStates): Chunks {
  const { heads, groups } = { heads: states.hidden.size(2), groups: states.input.size(2) };
  let step = frame.hold(add(m, states.step, cast(m, states.stepBias, states.step.dtype)));
  step = frame.rebind(step, softplus(m, step));
  step = frame.rebind(step, clamp(m, step, ["ge", "le"]));
  const wide = frame.hold(cast(m, states.hidden, "float32"));
  const spread = (x: Tensor): Tensor =>
    frame.hold(repeatEach(m, cast(m, x, "float32"), heads / groups));
  const [input, output] = [spread(states.input), spread(states.output)];
  const length = wide.size(1);
  const by = ceilTo(length, chunk) - length;
  const pad = (x: Tensor): Tensor => padded(m, x, 1, by);
  const direct = frame.hold(mul(m, unsqueeze(m, states.direct, -1), pad(wide)));
  const perStep = (x: Tensor): Tensor => cast(m, x, "float32");
  const stepped = frame.rebind(wide, mul(m, wide, perStep(unsqueeze(m, step, -1))));
  const decay = frame.hold(mul(m, cast(m, states.rate, "float32"), perStep(step)));
  const cut = (x: Tensor): Tensor => {
    const [rows = 1, , ...rest] = x.shape;
    return frame.hold(reshape(m, pad(x), [rows, -1, chunk, ...rest]));
  };
  const before = [stepped, decay, input, output];
  const [hidden, fading, ...others] = before.map(cut);
  for (const each of before) frame.drop(each);
  const [cutInput, cutOutput] = others;
  if (!hidden || !fading || !cutInput || !cutOutput) throw new Error("a chunk was lost");
  const turned = frame.rebind(fading, permute(m, fading, [0, 3, 1, 2]));
  return { hidden, decay: turned, input: cutInput, output: cutOutput, direct };
}

interface Parts {
  readonly within: Tensor;
  readonly between: Tensor;
}

function overChunks(m: Machine, frame: Frame, { hidden, decay, input, output }: Chunks): Parts {
  const total = frame.hold(cumsum(m, decay));
  const fading = frame.hold(exp(m, segmentSum(m, decay)));
  const pairs = frame.hold(einsum(m, "bclhn,bcshn->bclsh", [output, input]));
  const weights = frame.hold(mul(m, pairs, permute(m, fading, [0, 2, 3, 4, 1])));
  const within = frame.hold(einsum(m, "bclsh,bcshp->bclhp", [weights, hidden]));
  const end = lastOf(m, total, 3, 1);
  const left = frame.hold(exp(m, subtract(m, end, total)));
  const perPosition = unsqueeze(m, permute(m, left, [0, 2, 3, 1]), -1);
  const decayed = frame.hold(mul(m, input, perPosition));
  let states = frame.hold(einsum(m, "bclhn,bclhp->bchpn", [decayed, hidden]));
  const [rows = 1, , ...rest] = states.shape;
  const before = frame.hold(m.empty("zeros_like", [rows, 1, ...rest], states.dtype));
  states = frame.rebind(states, cat(m, [before, states], 1));
  const ends = padded(m, select(m, total, 3), 2, 1);
  const perChunk = frame.hold(transpose(m, exp(m, segmentSum(m, ends)), 1, 3));
  const all = frame.hold(einsum(m, "bzch,bzhpn->bchpn", [perChunk, states]));
  const starts = frame.rebind(states, slice(m, all, 1, [0, all.size(1) - 1]));
  frame.hold(select(m, all, 1));
  const since = frame.hold(exp(m, total));
  const read = frame.hold(einsum(m, "bclhn,bchpn->bclhp", [output, starts]));
  const perRead = unsqueeze(m, permute(m, since, [0, 2, 3, 1]), -1);
  return { within, between: frame.hold(mul(m, read, perRead)) };
}

/** Sums over (…, l, l): of what lies between two positions, where the second is not later. */
function segmentSum(m: Machine, given: Tensor): Tensor {
  return m.frame((frame) => {
    const size = given.size(-1);
    const wide = frame.hold(expand(m, unsqueeze(m, given, -1), [...given.shape, size]));
    const below = frame.hold(triangle(m, size));
    const kept = frame.rebind(wide, maskedFill(m, wide, inverted(m, below)));
    const sums = frame.hold(cumsum(m, kept));
    const upTo = frame.rebind(below, triangle(m, size));
    return frame.rebind(sums, maskedFill(m, sums, inverted(m, upTo)));
  });
}

function triangle(m: Machine, size: number): Tensor {
  const ones = m.empty("ones", [size, size], "bool");
  const lower = m.empty("tril", [size, size], "bool");
  m.consume(ones);
  return lower;
}

function inverted(m: Machine, mask: Tensor): Tensor {
  return m.empty("bitwise_not", mask.shape, "bool");
}
