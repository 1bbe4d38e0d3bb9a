/**
 * Products of packed weights with the update of their adapter in one: what Unsloth's autograd functions are made of. None of
 * them is tracked.
 *
 * Source: unsloth kernels/utils.py `matmul_lora`, `fast_dequantize`, kernels/fast_lora.py.
 */

import { elementCount } from "../../../units/dtype.js";
import { parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { autocastToHalf, cast } from "../../machine/ops/cast.js";
import { mulScalar } from "../../machine/ops/elementwise.js";
import { mm } from "../../machine/ops/matmul.js";
import { t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { UnslothRun } from "./run.js";

/** A and B of one module, as they are stored: (r, in_features) and (out_features, r). */
export interface Pair {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** Writes a result where `target` lies: what it was made from ends with it. */
export function into(m: Machine, target: Tensor, made: readonly Tensor[]): void {
  for (const each of made) m.consume(each);
  m.consume(target);
}

/** 16-bit matrix (out_features, in_features): new, a view of the shared buffer, or the weight itself where it is not packed. */
export function unpacked(m: Machine, module: BoundModule, shared?: UnslothRun): Tensor {
  const weight = parameterOf(module, "weight");
  const { layer } = module.node;
  if (module.quantization === undefined || layer?.kind !== "linear") return weight;
  const shape = [layer.outFeatures, layer.inFeatures];
  const blocks = elementCount(module.buffers.get("absmax")?.shape ?? []);
  if (shared !== undefined) return shared.weight(shape, blocks, module.dtype);
  return m.withKind("dequantized", () => {
    const matrix = m.empty("empty", shape, module.dtype);
    m.consume(m.empty("empty", [blocks], "float32"));
    return matrix;
  });
}

interface Product {
  readonly module: BoundModule;
  readonly pair: Pair | undefined;
  /** `x @ W` in backward, in place of `x @ W.t()`; A and B come exchanged and turned. */
  readonly isTransposed?: boolean;
}

/** `x @ W.t() + s * (x @ A.t()) @ B.t()`: (n, in) → (n, out). */
export function productOf(
  m: Machine,
  run: UnslothRun,
  x: Tensor,
  { module, pair, isTransposed = false }: Product,
): Tensor {
  const { rules } = run.use;
  return m.frame((frame) => {
    const matrix = frame.hold(unpacked(m, module, rules.weightBuffer ? run : undefined));
    const output = frame.hold(mm(m, x, isTransposed ? matrix : t(m, matrix)));
    frame.drop(matrix);
    if (pair === undefined) return output;
    const [first, second] = isTransposed ? [t(m, pair.b), t(m, pair.a)] : [pair.a, pair.b];
    const [a, b] = [t(m, first), t(m, second)];
    const low = frame.hold(mm(m, x, cast(m, a, x.dtype)));
    if (rules.loraInPlace) into(m, output, [cast(m, b, x.dtype)]);
    else into(m, output, [mm(m, low, mulScalar(m, cast(m, b, x.dtype)))]);
    return output;
  });
}

/** Gradients of A and B for `y = s * (x @ A.t()) @ B.t()`, as they are stored. */
export function pairGradients(
  m: Machine,
  run: UnslothRun,
  { x, gradient }: { readonly x: Tensor; readonly gradient: Tensor },
  { a, b }: Pair,
): readonly [Tensor, Tensor] {
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const [aT, bT] = [frame.hold(t(m, a)), frame.hold(t(m, b))];
    if (run.use.rules.loraInPlace) {
      const ofA = frame.hold(m.empty("empty_like", aT.shape, aT.dtype, aT.strides));
      const ofB = frame.hold(m.empty("empty_like", bT.shape, bT.dtype, bT.strides));
      into(m, ofA, [mm(m, gradient, t(m, bT))]);
      into(m, ofB, [mm(m, t(m, aT), t(m, x))]);
      return [t(m, ofA), t(m, ofB)];
    }
    const ofLow = mm(m, gradient, autocastToHalf(m, t(m, bT)));
    const ofA = frame.hold(mm(m, t(m, x), ofLow));
    const low = mm(m, autocastToHalf(m, t(m, aT)), t(m, x));
    const ofB = frame.hold(mm(m, low, gradient));
    return [t(m, ofA), t(m, ofB)];
  });
}

/** Adds `s * (gradient @ B) @ A` to the gradient of the input, where it lies. */
export function addLowRank(
  m: Machine,
  run: UnslothRun,
  { target, gradient }: { readonly target: Tensor; readonly gradient: Tensor },
  { a, b }: Pair,
): void {
  const { dtype } = gradient;
  if (run.use.rules.loraInPlace) {
    into(m, target, [mm(m, gradient, b)]);
    return;
  }
  const low = mm(m, gradient, cast(m, b, dtype));
  into(m, target, [mm(m, low, mulScalar(m, cast(m, a, dtype)))]);
}

/** (b, s, features) → (n, features), or (b, s, heads · d) of heads. */
export function rowsOf(m: Machine, x: Tensor): Tensor {
  return view(m, x, [-1, x.size(-1)]);
}

/** A and B of a module, which must have them. */
export function pairOf({ path, lora }: BoundModule): Pair {
  if (lora === undefined) throw new Error(`${path} has no adapter`);
  return { a: lora.a, b: lora.b };
}
