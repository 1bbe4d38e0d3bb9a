/**
 * bitsandbytes' LLM.int8 linear. Its input stays an attribute of the autograd context, which non-reentrant
 * checkpointing cannot drop: one copy of every input per layer survives the forward (bitsandbytes issue 2034).
 *
 * Source: bitsandbytes autograd/_functions.py `MatMul8bitLt`.
 */

import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { elementwiseOutput } from "../../machine/ops/elementwise.js";
import { mm } from "../../machine/ops/matmul.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";
import { castBiasInPlace } from "./linear-4bit.js";

export function linear8bit(m: Machine, module: BoundModule, input: Tensor): Tensor {
  castBiasInPlace(m, module, input.dtype);
  const weight = parameterOf(module, "weight");
  const shape = [...input.shape.slice(0, -1), weight.size(0)];
  const inputShape = input.shape;
  const node = m.track("MatMul8bitLt", [input]);
  return m.withoutGrad(() =>
    m.frame((frame) => {
      const rows = frame.hold(reshape(m, input, [-1, input.size(-1)]));
      const output = view(m, int8Product(m, rows, weight), shape);
      if (node !== undefined) {
        node.attributes = [m.retain(rows)];
        node.backward = (gradient) => [inputGradient(m, module, { gradient, rows, inputShape })];
      }
      m.finish(node, [output], []);
      return output;
    }),
  );
}

/** Temporaries of the int8 product: fp16 rows, outlier mask, int8 rows, int32 sums, fp16 result. */
function int8Product(m: Machine, rows: Tensor, weight: Tensor): Tensor {
  return m.frame((frame) => {
    const half = frame.hold(cast(m, rows, "float16"));
    const magnitudes = m.empty("abs", half.shape, "float16");
    const outliers = frame.hold(m.empty("ge", half.shape, "bool"));
    m.consume(magnitudes);
    frame.hold(m.empty("empty", rows.shape, "int8"));
    frame.drop(outliers);
    if (half !== rows) frame.drop(half);
    const shape = [rows.size(0), weight.size(0)];
    frame.hold(m.empty("empty", shape, "int32"));
    return cast(m, m.empty("empty", shape, "float16"), rows.dtype);
  });
}

interface Backward8bit {
  readonly gradient: Tensor;
  /** The input as the forward kept it. */
  readonly rows: Tensor;
  readonly inputShape: readonly number[];
}

function inputGradient(
  m: Machine,
  module: BoundModule,
  { gradient, rows, inputShape }: Backward8bit,
): Tensor {
  return m.frame((frame) => {
    const weight = parameterOf(module, "weight");
    const flat = frame.hold(reshape(m, gradient, [-1, gradient.size(-1)]));
    const matrix = frame.hold(
      m.withKind("dequantized", () => elementwiseOutput(m, "_to_copy", [weight], rows.dtype)),
    );
    const scale = m.empty("mul", [weight.size(0), 1], "float32");
    m.consume(scale);
    return view(m, mm(m, cast(m, flat, rows.dtype), matrix), inputShape);
  });
}

/** fp32 matrix of the int8 weight: rows times their maxima, over 127. */
export function dequantize8bit(m: Machine, module: BoundModule): Tensor {
  const { shape } = parameterOf(module, "weight");
  const rows = m.empty("mul", shape, "float32");
  const matrix = m.empty("mul", shape, "float32");
  m.consume(rows);
  return matrix;
}
