/**
 * Boolean table of what a token may attend to, in as few elements as the pattern needs: (1 or b, 1, s, s).
 *
 * Source: transformers masking_utils.py (`sdpa_mask`, `and_masks`, `sliding_window_overlay`, `padding_mask_function`,
 * `packed_sequence_mask_function`).
 */

import type { MaskPattern } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { addScalar, pointwise } from "../../../machine/ops/elementwise.js";
import type { Tensor } from "../../../machine/tensor.js";

type MaskFunction = (m: Machine) => Tensor;

/** The pattern on index ranges of batch, head, query and key that are broadcast. Source: transformers 5.18. */
export function tableByBroadcast(m: Machine, pattern: MaskPattern): Tensor {
  const { rows, length, queries = length } = pattern;
  return m.frame((frame) => {
    for (const size of [rows, 1]) frame.hold(m.empty("arange", [size], "int64"));
    for (const size of [queries, length]) {
      frame.hold(addScalar(m, m.empty("arange", [size], "int64")));
    }
    // What a model adds to the pattern itself is mapped over all pairs.
    return pattern.isOpened === true
      ? maskFunction(pattern, [length], [length])(m)
      : maskFunction(pattern, [], [1, 1, queries, 1])(m);
  });
}

/** The pattern of one pair of tokens, mapped over all of them. Source: transformers 4.57 `sdpa_mask_recent_torch`. */
export function tableByVmap(m: Machine, pattern: MaskPattern): Tensor {
  const { rows, length } = pattern;
  return m.frame((frame) => {
    for (const size of [length, rows, 1]) frame.hold(m.empty("arange", [size], "int64"));
    return maskFunction(pattern, [length], [length])(m);
  });
}

/** `ones` is the shape that conjunctions start from, `starts` that of the first token in reach of each. */
function maskFunction(
  { rows, length, window, chunk, beside, isBidirectional, isOpened }: MaskPattern,
  ones: readonly number[],
  starts: readonly number[],
): MaskFunction {
  const causal: MaskFunction = (m) =>
    isBidirectional === true
      ? m.empty("ge", starts, "bool")
      : m.empty("le", [1, 1, length, length], "bool");
  const insideWindow: MaskFunction = (m) => {
    const start = m.empty("sub", starts, "int64");
    const table = m.empty("gt", [1, 1, length, length], "bool");
    m.consume(start);
    return table;
  };
  const nearBothWays =
    (tag: "le" | "lt"): MaskFunction =>
    (m) => {
      const distance = pointwise(m, "abs", [m.empty("sub", [length, length], "int64")], "int64");
      return pointwise(m, tag, [distance], "bool");
    };
  const near = isBidirectional === true ? nearBothWays("le") : insideWindow;
  const sameChunk: MaskFunction = (m) => {
    const numbers = [0, 1].map(() => {
      const start = m.empty("index", [rows, 1, 1, 1], "int64");
      const place = m.empty("sub", [rows, 1, 1, length], "int64");
      m.consume(start);
      return pointwise(m, "floor_divide", [place], "int64");
    });
    const table = m.empty("eq", [rows, 1, length, length], "bool");
    for (const each of numbers) m.consume(each);
    return table;
  };
  const isCut = window !== undefined || chunk !== undefined;
  const closed = isCut ? allOf([chunk === undefined ? near : sameChunk, causal], ones) : causal;
  const everything: MaskFunction = (m) => m.empty("lift_fresh", [], "bool");
  const opening = window === undefined ? everything : nearBothWays("lt");
  const base = isOpened === true ? anyOf([closed, opening], ones) : closed;
  if (beside === undefined) return base;
  const padding: MaskFunction = (m) => m.empty("index", [rows, 1, 1, length], "bool");
  const sameSequence: MaskFunction = (m) => {
    const indices = [0, 1].map(() => m.empty("index", [rows, length], "int64"));
    const table = m.empty("eq", [rows, 1, length, length], "bool");
    for (const each of indices) m.consume(each);
    return table;
  };
  return allOf([base, beside === "padding" ? padding : sameSequence], ones);
}

function allOf(functions: readonly MaskFunction[], start: readonly number[]): MaskFunction {
  return joined(functions, ["new_ones", "bitwise_and"], start);
}

function anyOf(functions: readonly MaskFunction[], start: readonly number[]): MaskFunction {
  return joined(functions, ["new_zeros", "bitwise_or"], start);
}

function joined(
  functions: readonly MaskFunction[],
  [first, operation]: readonly [string, string],
  start: readonly number[],
): MaskFunction {
  return (m) =>
    m.frame((frame) => {
      let result = frame.hold(m.empty(first, start, "bool"));
      for (const part of functions) {
        result = frame.rebind(result, pointwise(m, operation, [result, part(m)], "bool"));
      }
      return result;
    });
}
