/**
 * LoRA on single parameters of a module (`target_parameters`, and what PEFT makes of "all-linear" on fused experts). While the
 * module runs, the parameter is `W + scaling · B·A`, a tensor as large as the parameter itself.
 *
 * Source: peft tuners/lora/layer.py `ParamWrapper`, `_LoraFactorsProxy`, `_LoraParameterProxy`;
 * torch/nn/utils/parametrize.py of torch 2.13.
 */

import type { Machine } from "../../machine/machine.js";
import { withAutocast, cast } from "../../machine/ops/cast.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import { baddbmm, matmul } from "../../machine/ops/matmul.js";
import { permute, reshape, transpose } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundLora, BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";

/** Parameter by name, as the module sees it while it runs. */
export type ReadParameter = (name: string) => Tensor;

/** `module(...inputs)` inside the wrappers of its parameters; `body` is the forward of the module itself. */
export function callAdapted<Result extends Tensor | readonly Tensor[]>(
  m: Machine,
  module: BoundModule,
  inputs: readonly Tensor[],
  body: (read: ReadParameter) => Result,
): Result {
  const { path, parameterLoras = [] } = module;
  const proxies = new Map<string, () => Tensor>();
  /** What was read is kept until the outermost wrapper returns. */
  const known = new Map<string, Tensor>();
  const read = (name: string): Tensor => {
    const proxy = proxies.get(name);
    if (proxy === undefined) return parameterOf(module, name);
    const weight = known.get(name) ?? m.retain(proxy());
    known.set(name, weight);
    return weight;
  };
  const enter = (depth: number, at: string): Result => {
    const wrapper = parameterLoras[depth];
    if (wrapper === undefined) return m.call(at, inputs, () => body(read));
    const { parameter, lora } = wrapper;
    return m.call(at, inputs, (frame) => {
      const parts = factors(m, module, parameter, lora);
      for (const part of parts) frame.hold(part);
      const proxy = (): Tensor => adapted(m, parameterOf(module, parameter), parts, lora);
      // Registering it computes it once, to compare shapes.
      m.consume(proxy());
      proxies.set(parameter, proxy);
      return leaving(depth, () => enter(depth + 1, `${at}.base_layer`));
    });
  };
  const leaving = (depth: number, run: () => Result): Result => {
    try {
      return run();
    } finally {
      if (depth === 0) for (const weight of known.values()) m.release(weight);
    }
  };
  return enter(0, path);
}

/** What the wrapper keeps: B·A of a matrix, or the two factors of a stack of experts. */
function factors(
  m: Machine,
  module: BoundModule,
  parameter: string,
  { a, b, settings }: BoundLora,
): readonly Tensor[] {
  const weight = parameterOf(module, parameter);
  const { dtype } = weight;
  return m.frame((frame) => {
    if (weight.shape.length === 2) return [cast(m, mulScalar(m, matmul(m, b, a)), dtype)];
    const [experts = 1] = weight.shape;
    const { rank } = settings;
    const perExpertA = frame.hold(reshape(m, a, [experts, rank, a.size(1)]));
    const perExpertB = frame.hold(permute(m, reshape(m, b, [b.size(0), rank, experts]), [2, 0, 1]));
    const [left, right] =
      module.node.isTransposed === true
        ? [transpose(m, perExpertA, -2, -1), transpose(m, perExpertB, -2, -1)]
        : [perExpertB, perExpertA];
    return [cast(m, left, dtype), cast(m, right, dtype)];
  });
}

/** `W + scaling · B·A`, for a stack of experts in the dtype of W whatever autocast asks. */
function adapted(
  m: Machine,
  weight: Tensor,
  [left, right]: readonly Tensor[],
  { settings }: BoundLora,
): Tensor {
  if (left === undefined) throw new Error("an adapted parameter has no factors");
  if (right === undefined) return add(m, weight, left);
  return withAutocast(m, undefined, () => baddbmm(m, weight, [left, right], settings.scaling));
}
