/**
 * A layer with a state beside its attention: both read one norm, and are multiplied by numbers.
 *
 * Source: transformers models/falcon_h1/modeling_falcon_h1.py `FalconH1DecoderLayer.forward`.
 */

import type { DecoderLayerForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";

interface LayerCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DecoderLayerForward;
}

/** `y = x + (beside(norm(x)) * a + attention(norm(x) * b) * c)`, then `y + mlp(norm(y))`. */
export function withStateBeside(
  { m, frame, module, forward }: LayerCall,
  beside: string,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  const { preAttentionNorm = missing(), preMlpNorm = missing(), mlp } = forward;
  if (typeof mlp !== "string") throw new Error(`${module.path} holds no MLP of its own`);
  const normed = frame.hold(callNorm(m, childOf(module, preAttentionNorm), input));
  const [ofState] = callMixer(m, childOf(module, beside), normed, context);
  frame.hold(ofState);
  const state = frame.rebind(ofState, mulScalar(m, ofState));
  const read = frame.hold(mulScalar(m, normed));
  const [output, scores] = callMixer(m, childOf(module, forward.attention), read, context);
  frame.drop(read);
  if (scores !== undefined) frame.hold(scores);
  frame.hold(output);
  const attended = frame.rebind(output, mulScalar(m, output));
  const both = frame.rebind(normed, add(m, state, attended));
  const middle = frame.rebind(both, add(m, input, both));
  const mlpInput = frame.hold(callNorm(m, childOf(module, preMlpNorm), middle));
  const fed = frame.rebind(mlpInput, callMlp(m, childOf(module, mlp), mlpInput));
  return add(m, middle, fed);
}
