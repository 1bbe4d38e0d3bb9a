/**
 * What a decoder layer does beside attention and MLP.
 *
 * Source: transformers models/gemma4/modeling_gemma4.py `Gemma4TextDecoderLayer.forward`.
 */

import type { ExpertsBeside, InputPerLayer } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { add, mul } from "../../machine/ops/elementwise.js";
import { reshape } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import { callExperts } from "./experts.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";
import { callRouter } from "./router.js";

interface ExtraCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
}

interface BesideMlp {
  readonly output: Tensor;
  readonly residual: Tensor;
  /** Of attention: what the router returns first takes their variable. */
  readonly scores: Tensor | undefined;
}

/** The sum of what the MLP gave and of what experts make of its residual, in the variable of the first. */
export function withExpertsBeside(
  { m, frame, module }: ExtraCall,
  names: ExpertsBeside,
  { output, residual, scores }: BesideMlp,
): Tensor {
  const norm = (name: string, x: Tensor): Tensor => callNorm(m, childOf(module, name), x);
  const ofMlp = frame.hold(norm(names.mlpNorm, output));
  const rows = frame.hold(reshape(m, residual, [-1, residual.size(-1)]));
  const routed = callRouter(m, childOf(module, names.router), rows);
  for (const tensor of routed) frame.hold(tensor);
  if (scores !== undefined) frame.drop(scores);
  const [, weights, places] = routed;
  const normed = frame.hold(norm(names.inputNorm, rows));
  const experts = childOf(module, names.experts);
  const computed = frame.rebind(normed, callExperts(m, experts, normed, { weights, places }));
  const shaped = frame.rebind(computed, reshape(m, computed, residual.shape));
  const ofExperts = frame.rebind(shaped, norm(names.outputNorm, shaped));
  return frame.rebind(output, add(m, ofMlp, ofExperts));
}

/** `x + norm(projection(act(gate(x)) * input))`; x is the residual from here on. */
export function withInputPerLayer(
  { m, frame, module }: ExtraCall,
  names: InputPerLayer,
  { residual, input }: { readonly residual: Tensor; readonly input: Tensor },
): Tensor {
  const gate = frame.hold(callLinear(m, childOf(module, names.gate), residual));
  const activated = frame.rebind(gate, callActivation(m, module, names, gate));
  const product = frame.rebind(activated, mul(m, activated, input));
  const wide = frame.rebind(product, callLinear(m, childOf(module, names.projection), product));
  const normed = frame.rebind(wide, callNorm(m, childOf(module, names.norm), wide));
  return frame.rebind(normed, add(m, residual, normed));
}
