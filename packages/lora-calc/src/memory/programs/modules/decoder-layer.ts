/** One decoder layer: norms, attention, MLP and residual additions in the order the blueprint says. */

import type { DecoderLayerForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import type { Frame } from "../../machine/frame.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAttention } from "./attention.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";
import { callSparseMlp } from "./sparse-mlp.js";

/** `layer(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callDecoderLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "decoder_layer") throw new Error(`${module.path} is not a decoder layer`);
  return m.call(module.path, [hidden], (frame) =>
    forward.parallel === true
      ? parallel({ m, frame, module, forward }, hidden, context)
      : sequential({ m, frame, module, forward }, hidden, context),
  );
}

interface LayerCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DecoderLayerForward;
}

function sequential(
  { m, frame, module, forward }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  const normed = frame.hold(optionalNorm(m, module, forward.preAttentionNorm, input));
  const [output, scores] = callAttention(m, childOf(module, forward.attention), normed, context);
  if (scores !== undefined) frame.hold(scores);
  if (forward.keepsNormed === true) {
    frame.hold(output);
    const middle = frame.hold(addResidual(m, forward, input, output));
    const mlpInput = optionalNorm(m, module, forward.preMlpNorm, middle);
    const mlpOutput = frame.hold(callMlp(m, childOf(module, forward.mlp), mlpInput));
    return addResidual(m, forward, middle, mlpOutput);
  }
  if (forward.keepsSublayerOutputs === true) {
    frame.hold(output);
    const middle = frame.rebind(normed, addResidual(m, forward, input, output));
    const mlpInput = frame.hold(optionalNorm(m, module, forward.preMlpNorm, middle));
    const mlpOutput = frame.hold(callMlp(m, childOf(module, forward.mlp), mlpInput));
    return addResidual(m, forward, middle, mlpOutput);
  }
  const attended = frame.rebind(normed, output);
  const afterAttention = frame.rebind(
    attended,
    optionalNorm(m, module, forward.postAttentionNorm, attended),
  );
  const middle = addSublayer({ m, frame, module, forward }, input, afterAttention);
  const mlpInput = frame.hold(optionalNorm(m, module, forward.preMlpNorm, middle));
  const [given, weights] = callAnyMlp(m, childOf(module, forward.mlp), mlpInput);
  const mlpOutput = frame.rebind(mlpInput, given);
  if (weights !== undefined) {
    frame.hold(weights);
    if (scores !== undefined) frame.drop(scores);
  }
  const afterMlp = frame.rebind(mlpOutput, optionalNorm(m, module, forward.postMlpNorm, mlpOutput));
  return addSublayer({ m, frame, module, forward }, middle, afterMlp);
}

/** The sum takes the variable of the sublayer's output. */
function addSublayer({ m, frame, forward }: LayerCall, residual: Tensor, output: Tensor): Tensor {
  if (forward.dropsBeforeSum !== true) {
    return frame.rebind(output, addResidual(m, forward, residual, output));
  }
  const dropped = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  return frame.rebind(dropped, add(m, residual, dropped));
}

/** With experts the weights of the choice may come, too; they take the variable of the attention's scores. */
function callAnyMlp(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  if (module.node.forward?.kind !== "sparse_mlp") return [callMlp(m, module, hidden)];
  return callSparseMlp(m, module, hidden);
}

/** Attention and MLP both read the layer's input: `mlp(norm(x)) + attention(norm(x)) + x`. */
function parallel(
  { m, frame, module, forward }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  if (forward.sharesNorm === true) return besides({ m, frame, module, forward }, input, context);
  const attentionInput = optionalNorm(m, module, forward.preAttentionNorm, input);
  const [output, scores] = callAttention(
    m,
    childOf(module, forward.attention),
    attentionInput,
    context,
  );
  if (scores !== undefined) frame.hold(scores);
  frame.hold(output);
  const attended = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  const mlpInput = optionalNorm(m, module, forward.preMlpNorm, input);
  const mlpOutput = frame.hold(callMlp(m, childOf(module, forward.mlp), mlpInput));
  const dropped = frame.rebind(mlpOutput, dropout(m, mlpOutput, forward.residualDropout ?? 0));
  return add(m, add(m, dropped, attended), input);
}

/** Both read one norm: `x + attention(norm(x)) + mlp(norm(x))`, x first or last. */
function besides(
  { m, frame, module, forward }: LayerCall,
  input: Tensor,
  context: AttentionContext,
): Tensor {
  const normed = frame.hold(optionalNorm(m, module, forward.preAttentionNorm, input));
  const [output, scores] = callAttention(m, childOf(module, forward.attention), normed, context);
  if (scores !== undefined) frame.hold(scores);
  frame.hold(output);
  const attended = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  const mlpOutput = callMlp(m, childOf(module, forward.mlp), normed);
  const fed = frame.hold(dropout(m, mlpOutput, forward.residualDropout ?? 0));
  return forward.addsInputLast === true
    ? add(m, add(m, attended, fed), input)
    : add(m, add(m, input, attended), fed);
}

function optionalNorm(
  m: Machine,
  module: BoundModule,
  name: string | undefined,
  hidden: Tensor,
): Tensor {
  return name === undefined ? hidden : callNorm(m, childOf(module, name), hidden);
}

function addResidual(
  m: Machine,
  forward: DecoderLayerForward,
  residual: Tensor,
  hidden: Tensor,
): Tensor {
  const scaled = forward.scaledResidual === true ? mulScalar(m, hidden) : hidden;
  return add(m, residual, dropout(m, scaled, forward.residualDropout ?? 0));
}
