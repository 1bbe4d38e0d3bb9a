/** Rows of a tensor taken apart, computed one by one, and put together again. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `tensor.unbind(0)`, of which the rows at `indices` are run; their gradients are stacked. */
export function unbind(m: Machine, input: Tensor, indices: readonly number[]): readonly Tensor[] {
  const node = m.track("UnbindBackward0", [input]);
  const [, ...shape] = input.shape;
  const rows = indices.map(() => m.alias(input, shape, input.strides.slice(1)));
  if (node !== undefined) {
    const full = input.shape;
    node.backward = (gradient) => [m.empty("stack", full, gradient.dtype)];
  }
  m.finish(node, rows, [input]);
  return rows;
}

/** `torch.stack(rows)` of `count` rows, of which these are run. */
export function stack(m: Machine, rows: readonly Tensor[], count: number): Tensor {
  const [first] = rows;
  if (first === undefined) throw new Error("nothing to stack");
  const node = m.track("StackBackward0", rows);
  const output = m.empty("stack", [count, ...first.shape], first.dtype);
  if (node !== undefined) {
    node.backward = (gradient) =>
      rows.map(({ shape }) => m.alias(gradient, shape, gradient.strides.slice(1)));
  }
  m.finish(node, [output], rows);
  return output;
}

/** `tensor.chunk(2, dim=0)`. */
export function halves(m: Machine, input: Tensor): readonly [Tensor, Tensor] {
  const node = m.track("SplitBackward0", [input]);
  const [rows = 0, ...rest] = input.shape;
  const half = (): Tensor => m.alias(input, [rows / 2, ...rest]);
  const outputs = [half(), half()] as const;
  if (node !== undefined) {
    const full = input.shape;
    node.backward = (gradient) => [m.empty("cat", full, gradient.dtype)];
  }
  m.finish(node, outputs, [input]);
  return outputs;
}

/** `tensor.gather(-1, index)` with one index a row: (…, n) → (…, 1). It keeps the whole tensor, in whose size it scatters. */
export function gatherOne(m: Machine, input: Tensor, index: Tensor): Tensor {
  const node = m.track("GatherBackward0", [input]);
  if (node !== undefined) for (const tensor of [input, index]) m.save(node, tensor);
  const full = input.shape;
  const output = m.empty("gather", [...full.slice(0, -1), 1], input.dtype);
  if (node !== undefined)
    node.backward = (gradient) => [m.empty("new_zeros", full, gradient.dtype)];
  m.finish(node, [output], [input]);
  return output;
}

/**
 * `torch.logsumexp(tensor, dim=-1)`: keeps its input and result.
 *
 * Source: torch 2.13 aten/src/ATen/native/ReduceOps.cpp `logsumexp_out_impl`.
 */
export function logSumExp(m: Machine, input: Tensor): Tensor {
  const node = m.track("LogsumexpBackward0", [input]);
  const rows = input.shape.slice(0, -1);
  const { dtype } = input;
  const output = m.frame((frame) => {
    const largest = frame.hold(m.empty("logsumexp.amax", [...rows, 1], dtype));
    const absolute = m.empty("logsumexp.abs", [...rows, 1], dtype);
    m.consume(m.empty("logsumexp.eq", [...rows, 1], "bool"));
    m.consume(absolute);
    const shifted = frame.hold(m.empty("logsumexp.sub", input.shape, dtype));
    const result = m.empty("logsumexp", rows, dtype);
    frame.drop(shifted);
    frame.drop(largest);
    return result;
  });
  if (node !== undefined) {
    m.save(node, input);
    m.saveOutput(node, output);
    const { shape } = input;
    node.backward = (gradient) => {
      const shifted = m.empty("sub", shape, gradient.dtype);
      const share = m.empty("exp", shape, gradient.dtype);
      const product = m.empty("mul", shape, gradient.dtype);
      m.consume(share);
      m.consume(shifted);
      return [product];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}
