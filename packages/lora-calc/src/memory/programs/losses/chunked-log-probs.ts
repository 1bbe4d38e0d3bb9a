/**
 * TRL's per-token log-probabilities without logits: the head runs on tiles of tokens and of the vocabulary, each folded into a
 * few numbers per token; backward makes every tile again and adds up the gradient in fp32.
 *
 * Source: trl kernels/chunked_logprob.py `ChunkedLogProbFunction` (1.15 and later), trainer/utils.py
 * `_CHUNKED_LOGPROB_CHUNK_SIZE`. Its Triton kernels fill what they are given and allocate nothing.
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { slice } from "../../machine/ops/views.js";
import type { Node, Tensor } from "../../machine/tensor.js";

const TILE_TOKENS = 4096;
/** Always that wide, however small the vocabulary is. */
const TILE_WIDTH = 32_768;

export interface LogProbInputs {
  /** (n, hidden_size): of the positions with a label. */
  readonly rows: Tensor;
  /** (n,) */
  readonly targets: Tensor;
  /** (vocab_size, hidden_size) */
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
}

/** Statistics beside the log-probabilities. */
export type LogProbOutput = "entropy" | "mean_logits" | "is_top1";

/** Log-probabilities (n,), then the outputs that are asked for, in their order; these have no gradient. */
export function chunkedLogProbs(
  m: Machine,
  inputs: LogProbInputs,
  outputs: readonly LogProbOutput[],
): readonly [Tensor, ...Tensor[]] {
  const { rows, targets, weight, bias } = inputs;
  const node = m.track("ChunkedLogProbFunctionBackward", [rows, weight, bias]);
  const dtype = m.autocast.dtype ?? rows.dtype;
  const results = m.withoutGrad(() =>
    m.frame<readonly [Tensor, ...Tensor[]]>((frame) => {
      const count = rows.size(0);
      const perToken = (tag: string): Tensor => frame.hold(m.empty(tag, [count], "float32"));
      const runningMax = perToken("full");
      const sumExp = perToken("zeros");
      for (const tag of ["zeros", "zeros", "zeros", "full", "zeros"]) perToken(tag);
      frame.hold(tile(m, count, dtype));
      new Tiles(m, frame, inputs, dtype).forEach((head) => m.consume(head));
      const logarithm = m.empty("log", [count], "float32");
      const logZ = frame.hold(pointwise(m, "add", [runningMax, logarithm], "float32"));
      const logProbs = pointwise(m, "sub", [runningMax, logZ], "float32");
      const made = statistics(m, { runningMax, sumExp, logZ }, outputs);
      const entropy = made[outputs.indexOf("entropy")] ?? logZ;
      if (node !== undefined) keep(m, node, { inputs, logZ, entropy });
      return [logProbs, ...made];
    }),
  );
  if (node !== undefined) node.backward = () => m.withoutGrad(() => gradients(m, inputs, dtype));
  m.finish(node, [results[0]], [rows, targets]);
  return results;
}

function keep(
  m: Machine,
  node: Node,
  {
    inputs: { rows, weight, bias, targets },
    logZ,
    entropy,
  }: { readonly inputs: LogProbInputs; readonly logZ: Tensor; readonly entropy: Tensor },
): void {
  for (const tensor of [rows, weight, bias, targets, logZ, entropy]) {
    if (tensor !== undefined) m.save(node, tensor);
  }
}

/** Room for the logits of one tile. */
function tile(m: Machine, count: number, dtype: Dtype): Tensor {
  return m.empty("empty", [Math.min(count, TILE_TOKENS), TILE_WIDTH], dtype);
}

interface Sums {
  readonly runningMax: Tensor;
  readonly sumExp: Tensor;
  readonly logZ: Tensor;
}

function statistics(
  m: Machine,
  { runningMax, sumExp, logZ }: Sums,
  outputs: readonly LogProbOutput[],
): readonly Tensor[] {
  const make: Readonly<Record<LogProbOutput, () => Tensor>> = {
    entropy: () =>
      pointwise(m, "sub", [logZ, pointwise(m, "div", [sumExp, sumExp], "float32")], "float32"),
    mean_logits: () => pointwise(m, "div", [sumExp], "float32"),
    is_top1: () => {
      const isLargest = pointwise(m, "ge", [runningMax], "bool");
      const isFirst = pointwise(m, "gt", [runningMax], "bool");
      return pointwise(m, "bitwise_and", [isLargest, isFirst], "bool");
    },
  };
  return outputs.map((output) => make[output]());
}

/** Copies that the products of a tile need; a tensor of the product's dtype is multiplied as it is. */
class Tiles {
  private readonly m: Machine;
  private readonly frame: Frame;
  private readonly inputs: LogProbInputs;
  private readonly dtype: Dtype;
  private hidden: Tensor | undefined;

  constructor(m: Machine, frame: Frame, inputs: LogProbInputs, dtype: Dtype) {
    this.m = m;
    this.frame = frame;
    this.inputs = inputs;
    this.dtype = dtype;
  }

  /** Calls `run` with every tile of the head, for every tile of tokens. */
  forEach(run: (head: Tensor) => void): void {
    const { rows, weight, bias } = this.inputs;
    for (const tokens of ranges(rows.size(0), TILE_TOKENS)) {
      const part = this.part(rows, tokens);
      this.hidden =
        this.hidden === undefined ? this.frame.hold(part) : this.frame.rebind(this.hidden, part);
      for (const entries of ranges(weight.size(0), TILE_WIDTH)) {
        run(this.part(weight, entries));
        if (bias !== undefined) this.m.consume(this.part(bias, entries));
      }
    }
  }

  private part(tensor: Tensor, range: readonly [number, number]): Tensor {
    return cast(this.m, slice(this.m, this.m.alias(tensor), 0, range), this.dtype);
  }
}

function ranges(size: number, step: number): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.ceil(size / step) }, (_, index) => {
    const start = index * step;
    return [start, Math.min(start + step, size)] as const;
  });
}

/** Of rows, weight and bias; each is added up in fp32 and then has the dtype of what it belongs to. */
function gradients(
  m: Machine,
  inputs: LogProbInputs,
  dtype: Dtype,
): readonly (Tensor | undefined)[] {
  const { rows, weight, bias } = inputs;
  const trained = [rows, weight, bias].map((tensor) =>
    tensor?.requiresGrad === true ? tensor : undefined,
  );
  let made: readonly (Tensor | undefined)[] = [];
  m.frame((frame) => {
    const sums = trained.map(
      (tensor) => tensor && frame.hold(m.empty("zeros", tensor.shape, "float32")),
    );
    frame.hold(tile(m, rows.size(0), dtype));
    let before: Tensor | undefined;
    new Tiles(m, frame, inputs, dtype).forEach((head) => {
      before = before === undefined ? frame.hold(head) : frame.rebind(before, head);
      if (sums[2] !== undefined) m.consume(m.empty("sum", [head.size(0)], "float32"));
    });
    made = sums.map((sum, index) => sum && cast(m, sum, trained[index]?.dtype ?? sum.dtype));
    return made.filter((gradient) => gradient !== undefined);
  });
  return made;
}
