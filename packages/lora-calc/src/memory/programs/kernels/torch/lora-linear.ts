/**
 * LoRA around a linear module: `result = base(x) + B(A(dropout(x))) * scaling`.
 *
 * Source: peft tuners/lora/layer.py `Linear.forward`, tuners/lora/bnb.py `Linear4bit.forward` and
 * `Linear8bitLt.forward`.
 */

import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { add, mulScalar } from "../../../machine/ops/elementwise.js";
import { cloneAsIs } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import type { AdaptedLinear, BoundLora, BoundModule, RunBase } from "../../../load/bound-module.js";
import { addDora } from "./dora.js";
import { throughA, throughB } from "./low-rank.js";

export function runLora(
  m: Machine,
  adapted: AdaptedLinear,
  input: Tensor,
  runBase: RunBase,
): Tensor {
  const { module } = adapted;
  const base = (): Tensor =>
    m.call(`${module.path}.base_layer`, [input], () => runBase(m, module, input));
  return m.call(module.path, [input], () =>
    module.quantization === undefined
      ? onFloatBase(m, adapted, input, base)
      : onQuantizedBase(m, adapted, input, base),
  );
}

/** The input is cast to the adapter's dtype whatever the context: each module keeps a copy of its own. */
function onFloatBase(
  m: Machine,
  { module, lora }: AdaptedLinear,
  input: Tensor,
  base: () => Tensor,
): Tensor {
  return m.frame((frame) => {
    const result = frame.hold(base());
    const x = frame.hold(cast(m, input, lora.a.dtype));
    const sum = lora.settings.useDora
      ? addDora(m, { module, lora }, x, result)
      : add(m, result, mulScalar(m, lowRank(m, module, lora, x)));
    frame.rebind(result, sum);
    return cast(m, sum, result.dtype);
  });
}

/** bitsandbytes layers clone their result, and cast the input only outside autocast: all modules share one input. */
function onQuantizedBase(
  m: Machine,
  { module, lora }: AdaptedLinear,
  input: Tensor,
  base: () => Tensor,
): Tensor {
  return m.frame((frame) => {
    const result = frame.hold(module.quantization?.kind === "4bit" ? cloneAsIs(m, base()) : base());
    const converts = m.autocast.dtype === undefined;
    const x = frame.hold(converts ? cast(m, input, lora.a.dtype) : input);
    if (lora.settings.useDora) {
      const sum = addDora(m, { module, lora }, x, result);
      frame.rebind(result, sum);
      return converts ? cast(m, sum, result.dtype) : sum;
    }
    const delta = mulScalar(m, lowRank(m, module, lora, x));
    const output = frame.hold(converts ? cast(m, delta, result.dtype) : delta);
    return add(m, result, output);
  });
}

/** `B(A(dropout(x)))`: (…, in_features) → (…, r) → (…, out_features). */
function lowRank(m: Machine, module: BoundModule, lora: BoundLora, x: Tensor): Tensor {
  const { path } = module;
  const dropped =
    lora.settings.dropout === 0
      ? x
      : m.call(`${path}.lora_dropout.default`, [x], () => dropout(m, x, lora.settings.dropout));
  return throughB(m, path, lora, throughA(m, path, lora, dropped));
}
