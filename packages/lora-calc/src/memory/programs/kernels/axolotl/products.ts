/**
 * Products with a base weight and its adapter in one: what Axolotl's autograd functions are made of. None of them is tracked.
 *
 * Source: axolotl 0.19 kernels/lora.py `matmul_lora`, kernels/quantize.py `dequantize`.
 */

import { elementCount } from "../../../../units/dtype.js";
import type { Dtype } from "../../../../units/dtype.js";
import { parameterOf } from "../../../load/bound-module.js";
import type { BoundModule } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { mm } from "../../../machine/ops/matmul.js";
import { t, view } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

/** 16-bit matrix (out_features, in_features): of a packed weight anew, else the weight itself. */
export function unpacked(m: Machine, module: BoundModule): Tensor {
  const { layer } = module.node;
  if (module.quantization === undefined || layer?.kind !== "linear") {
    return parameterOf(module, "weight");
  }
  const blocks = elementCount(module.buffers.get("absmax")?.shape ?? []);
  return m.withKind("dequantized", () => {
    const matrix = m.empty("empty", [layer.outFeatures, layer.inFeatures], module.dtype);
    m.consume(m.empty("empty", [blocks], "float32"));
    return matrix;
  });
}

/** A and B: (r, in_features) and (out_features, r). */
export interface Pair {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** What is added where `target` lies ends with it. */
export function addInto(m: Machine, target: Tensor, made: readonly Tensor[] = []): void {
  for (const each of made) m.consume(each);
  m.consume(target);
}

interface Product {
  readonly x: Tensor;
  /** What the adapter reads where dropout has changed it. */
  readonly dropped?: Tensor | undefined;
}

/** `x @ W.t() + s * (x @ A.t()) @ B.t() + bias`: (n, in) → (n, out). */
export function forwardProduct(
  m: Machine,
  module: BoundModule,
  { a, b }: Pair,
  { x, dropped = x }: Product,
): Tensor {
  return m.frame((frame) => {
    const matrix = frame.hold(unpacked(m, module));
    const output = frame.hold(mm(m, x, t(m, matrix)));
    frame.drop(matrix);
    const [left, right] = [t(m, a), t(m, b)].map((each) => frame.hold(cast(m, each, x.dtype)));
    if (left === undefined || right === undefined) return output;
    addInto(m, output, [mm(m, dropped, left)]);
    if (module.parameters.has("bias")) addInto(m, output);
    return output;
  });
}

/** `gradient @ W + s * (gradient @ B) @ A`: (n, out) → (n, in). */
export function backwardProduct(
  m: Machine,
  module: BoundModule,
  { b }: Pair,
  gradient: Tensor,
): Tensor {
  return m.frame((frame) => {
    const matrix = frame.hold(unpacked(m, module));
    const output = frame.hold(mm(m, gradient, matrix));
    frame.drop(matrix);
    addInto(m, output, [mm(m, gradient, b)]);
    return output;
  });
}

/** The pair in the dtype of what is computed, as a backward keeps it. */
export function narrowedPair(m: Machine, { a, b }: Pair, dtype: Dtype): Pair {
  return { a: cast(m, a, dtype), b: cast(m, b, dtype) };
}

/** Gradients of A and B for `y = s * (x @ A.t()) @ B.t()`, and `gradient @ B`, which that of the input is made of, too. */
export function pairGradients(
  m: Machine,
  { a, b }: Pair,
  { x, gradient }: { readonly x: Tensor; readonly gradient: Tensor },
): readonly [ofA: Tensor, ofB: Tensor, low: Tensor] {
  return m.frame<readonly [Tensor, Tensor, Tensor]>((frame) => {
    const low = frame.hold(mm(m, gradient, b));
    const [aT, bT] = [frame.hold(t(m, a)), frame.hold(t(m, b))];
    const ofA = frame.hold(m.empty("empty_like", aT.shape, aT.dtype, aT.strides));
    const ofB = frame.hold(m.empty("empty_like", bT.shape, bT.dtype, bT.strides));
    addInto(m, ofB, [mm(m, a, t(m, x))]);
    return [t(m, ofA), t(m, ofB), low];
  });
}

/** (b, s, features) → (n, features). */
export function rowsOf(m: Machine, x: Tensor): Tensor {
  return view(m, x, [-1, x.size(-1)]);
}

export function pairOf({ path, lora }: BoundModule): Pair {
  if (lora === undefined) throw new Error(`${path} has no adapter`);
  return { a: lora.a, b: lora.b };
}
