/** Decoder layers whose attention and MLP stand side by side. */

import type { DecoderLayerForward } from "../../../graph/tree/forward.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, addInPlace } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { optionalNorm } from "./layer-call.js";
import type { LayerCall } from "./layer-call.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";

/** Attention and MLP both read the layer's input: `mlp(norm(x)) + attention(norm(x)) + x`. */
export function parallel(
  { m, frame, module, forward, returned }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  if (forward.joinsInPlace === true)
    return joinedInPlace({ m, frame, module, forward, returned }, input, context);
  if (forward.sharesNorm === true)
    return besides({ m, frame, module, forward, returned }, input, context);
  const attentionInput = optionalNorm(m, module, forward.preAttentionNorm, input);
  const [output, scores] = callMixer(
    m,
    childOf(module, forward.attention),
    attentionInput,
    context,
  );
  if (scores !== undefined) frame.hold(scores);
  frame.hold(output);
  const attended = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  const mlpInput = optionalNorm(m, module, forward.preMlpNorm, input);
  const mlpOutput = frame.hold(callMlp(m, moduleOfMlp(module, forward), mlpInput));
  const dropped = frame.rebind(mlpOutput, dropout(m, mlpOutput, forward.residualDropout ?? 0));
  return add(m, add(m, dropped, attended), input);
}

/**
 * `mlp += attention; x + dropout(mlp)`, with a variable for everything.
 *
 * Source: transformers models/falcon/modeling_falcon.py `FalconDecoderLayer.forward`.
 */
function joinedInPlace(
  { m, frame, module, forward, returned }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  const normed = frame.hold(optionalNorm(m, module, forward.preAttentionNorm, input));
  const mlpInput =
    forward.preMlpNorm === undefined
      ? normed
      : frame.hold(callNorm(m, childOf(module, forward.preMlpNorm), input));
  const [attended, scores] = callMixer(m, childOf(module, forward.attention), normed, context);
  frame.hold(attended);
  if (scores !== undefined) returned.push(frame.hold(scores));
  const fed = frame.hold(callMlp(m, moduleOfMlp(module, forward), mlpInput));
  const joined = frame.rebind(fed, addInPlace(m, fed, attended));
  return add(m, input, dropout(m, joined, forward.residualDropout ?? 0));
}

/** Both read one norm: `x + attention(norm(x)) + mlp(norm(x))`, x first or last. */
function besides(
  { m, frame, module, forward, returned }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  const normed = frame.hold(optionalNorm(m, module, forward.preAttentionNorm, input));
  const [output, scores] = callMixer(m, childOf(module, forward.attention), normed, context);
  if (scores !== undefined) returned.push(frame.hold(scores));
  frame.hold(output);
  const attended = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  const mlpOutput = callMlp(m, moduleOfMlp(module, forward), normed);
  const fed = frame.hold(dropout(m, mlpOutput, forward.residualDropout ?? 0));
  return forward.addsInputLast === true
    ? add(m, add(m, attended, fed), input)
    : add(m, add(m, input, attended), fed);
}

/** The MLP of a layer whose attention and MLP stand side by side. */
function moduleOfMlp(module: BoundModule, { mlp }: DecoderLayerForward): BoundModule {
  if (typeof mlp !== "string") throw new Error(`${module.path} holds no MLP of its own`);
  return childOf(module, mlp);
}
