/**
 * The mask of a class that is older than those of transformers: what is causal, for itself, and what is padding, for itself and of
 * ones where nobody gives it; both are numbers in the full shape, and added.
 *
 * Source: modeling_internlm2.py of internlm/internlm2-chat-7b, `_make_causal_mask`, `_expand_mask`.
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { add, pointwise } from "../../machine/ops/elementwise.js";
import { expand, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch } from "./batch.js";

/** (b, 1, 1, s): zero, or the least number where there is padding. Source: modeling_qwen.py of Qwen/Qwen-7B, `QWenModel.forward`. */
export function paddingByHand(m: Machine, frame: Frame, attended: Tensor, dtype: Dtype): Tensor {
  const [rows = 1, length = 1] = attended.shape;
  const perKey = view(m, m.alias(attended), [rows, 1, 1, length]);
  const numbers = frame.hold(pointwise(m, "_to_copy", [perKey], dtype));
  const inverted = pointwise(m, "rsub", [numbers], dtype);
  return frame.rebind(numbers, pointwise(m, "mul", [inverted], dtype));
}

/** (b, 1, s, s), added to the scores. */
export function maskByHand(m: Machine, batch: Batch, dtype: Dtype): Tensor {
  const [rows = 1, length = 1] = batch.inputIds.shape;
  return m.frame((frame) => {
    const attended = batch.attentionMask ?? frame.hold(m.empty("ones", [rows, length], "bool"));
    const causal = frame.hold(causalNumbers(m, length, dtype));
    const whole = [rows, 1, length, length];
    const padding = frame.hold(paddingNumbers(m, attended, whole, dtype));
    return add(m, padding, expand(m, view(m, causal, [1, 1, length, length]), whole));
  });
}

function causalNumbers(m: Machine, length: number, dtype: Dtype): Tensor {
  return m.frame((frame) => {
    const least = m.empty("lift_fresh", [], "float32");
    const numbers = frame.hold(m.empty("full", [length, length], "float32"));
    m.consume(least);
    const places = frame.hold(m.empty("arange", [length], "int64"));
    const isSeen = m.frame((inner) => {
      inner.hold(pointwise(m, "add", [places], "int64"));
      return m.empty("lt", [length, length], "bool");
    });
    m.consume(isSeen);
    return frame.rebind(numbers, cast(m, numbers, dtype));
  });
}

function paddingNumbers(
  m: Machine,
  attended: Tensor,
  shape: readonly number[],
  dtype: Dtype,
): Tensor {
  return m.frame((frame) => {
    const [rows = 1, , , length = 1] = shape;
    const wide = expand(m, view(m, m.alias(attended), [rows, 1, 1, length]), shape);
    const expanded = frame.hold(pointwise(m, "_to_copy", [wide], dtype));
    const inverted = frame.hold(pointwise(m, "rsub", [expanded], dtype));
    frame.hold(pointwise(m, "_to_copy", [inverted], "bool"));
    return m.empty("masked_fill", shape, dtype);
  });
}
