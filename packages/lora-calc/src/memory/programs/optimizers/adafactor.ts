/**
 * transformers' Adafactor with fixed learning rate: row and column means for matrices, full squares for vectors.
 *
 * Source: transformers optimization.py `Adafactor.step` (scale_parameter and relative_step off).
 */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { forEachParameter } from "./each-parameter.js";
import type { Optimizer } from "./optimizer.js";

/** What the loop's variables hold from one parameter to the next. */
interface LoopVariables {
  gradient: Tensor | undefined;
  value: Tensor | undefined;
  update: Tensor | undefined;
}

export function adafactor(parameters: readonly Tensor[]): Optimizer {
  const rootMeanSquares = new Map<Tensor, Tensor>();
  return {
    step: (m) => {
      const held: LoopVariables = { gradient: undefined, value: undefined, update: undefined };
      forEachParameter(m, parameters, (parameter) => {
        updateParameter(m, parameter, rootMeanSquares, held);
      });
      for (const tensor of [held.gradient, held.value, held.update]) {
        if (tensor !== undefined) m.release(tensor);
      }
    },
  };
}

function updateParameter(
  m: Machine,
  parameter: Tensor,
  rootMeanSquares: Map<Tensor, Tensor>,
  held: LoopVariables,
): void {
  const { shape, dtype } = parameter;
  const isHalf = dtype !== "float32";
  const isFactored = shape.length >= 2;
  const assign = (
    name: keyof LoopVariables,
    make: () => Tensor | undefined,
    first = false,
  ): void => {
    const old = held[name];
    if (first && old !== undefined) m.release(old);
    const value = make();
    held[name] = value === undefined ? undefined : m.retain(value);
    if (!first && old !== undefined) m.release(old);
  };
  const float = (): Tensor | undefined =>
    isHalf ? m.empty("_to_copy", shape, "float32") : undefined;
  assign("gradient", float, true);
  if (!rootMeanSquares.has(parameter)) createState(m, shape, isFactored);
  assign("value", float, true);
  const scale = m.retain(rootMeanSquare(m));
  const oldScale = rootMeanSquares.get(parameter);
  if (oldScale !== undefined) m.release(oldScale);
  rootMeanSquares.set(parameter, scale);
  assign("update", () => transient(m, "add", shape, ["pow"]));
  assign("update", () =>
    isFactored ? factoredUpdate(m, shape) : m.empty("rsqrt", shape, "float32"),
  );
  const clipped = m.retain(rootMeanSquare(m));
  m.consume(m.empty("div", [], "float32"));
  m.release(clipped);
  m.consume(m.empty("neg", shape, "float32"));
}

function createState(m: Machine, shape: readonly number[], isFactored: boolean): void {
  if (!isFactored) {
    m.retain(m.empty("zeros_like", shape, "float32"));
    return;
  }
  m.retain(m.empty("zeros", shape.slice(0, -1), "float32"));
  m.retain(m.empty("zeros", [...shape.slice(0, -2), shape.at(-1) ?? 1], "float32"));
}

/** `tensor.norm(2) / sqrt(n)`. */
function rootMeanSquare(m: Machine): Tensor {
  return transient(m, "div", [], ["linalg_vector_norm"]);
}

/** Row and column means are updated, then `rsqrt(row / mean) · rsqrt(column)` gives the full matrix. */
function factoredUpdate(m: Machine, shape: readonly number[]): Tensor {
  const rows = shape.slice(0, -1);
  const columns = [...shape.slice(0, -2), shape.at(-1) ?? 1];
  m.consume(m.empty("mean", rows, "float32"));
  m.consume(m.empty("mean", columns, "float32"));
  return m.frame((frame) => {
    const mean = m.empty("mean", [...shape.slice(0, -2), 1], "float32");
    frame.hold(m.empty("div", rows, "float32"));
    m.consume(mean);
    frame.hold(m.empty("rsqrt", columns, "float32"));
    return m.empty("mul", shape, "float32");
  });
}

/** A result whose operands of the same shape exist only until it is made. */
function transient(
  m: Machine,
  tag: string,
  shape: readonly number[],
  operands: readonly string[],
): Tensor {
  const inputs = operands.map((operand) => m.empty(operand, shape, "float32"));
  const output = m.empty(tag, shape, "float32");
  for (const input of inputs) m.consume(input);
  return output;
}
