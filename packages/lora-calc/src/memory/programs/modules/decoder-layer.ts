/** One decoder layer: norms, attention, MLP and residual additions in the order the blueprint says. */

import { missing } from "../../../problem/missing.js";
import type { DecoderLayerForward, InlineMlp } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import type { Frame } from "../../machine/frame.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, addInPlace, mulInPlace, mulScalar } from "../../machine/ops/elementwise.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import type { Attended } from "./attention.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { withExpertsBeside, withInputPerLayer } from "./layer-extras.js";
import { callLinear } from "./linear.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";
import { withStateBeside } from "./state-beside.js";
import { callSparseMlp } from "./sparse-mlp.js";

/** `layer(hidden)`: (b, s, hidden_size) → (b, s, hidden_size), and the scores of attention where the class returns them. */
export function callDecoderLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "decoder_layer") throw new Error(`${module.path} is not a decoder layer`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const returned: Tensor[] = [];
    const call = { m, frame, module, forward, returned };
    const output = computed(call, hidden, context);
    const [scores] = returned;
    return forward.returnsScores === true && scores !== undefined ? [output, scores] : [output];
  });
}

function computed(call: LayerCall, input: Tensor, context: AttentionContext): Tensor {
  const { forward } = call;
  if (forward.parallel === true) return parallel(call, input, context);
  if (forward.stateBeside === undefined) return sequential(call, input, context);
  return withStateBeside(call, forward.stateBeside, input, context);
}

interface LayerCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DecoderLayerForward;
  /** Gets the scores of attention. */
  readonly returned: Tensor[];
}

function sequential(call: LayerCall, input: Tensor, context: AttentionContext): Tensor {
  const { m, frame, module, forward } = call;
  const normed = frame.hold(
    forward.normsSums === true ? input : optionalNorm(m, module, forward.preAttentionNorm, input),
  );
  const [output, scores] = mixed(call, normed, context);
  if (typeof forward.mlp !== "string") {
    return withInlineMlp(call, { input, output: frame.rebind(normed, output), mlp: forward.mlp });
  }
  const mlp = childOf(module, forward.mlp);
  if (forward.keepsAttended === true) {
    frame.hold(output);
    frame.drop(normed);
    const middle = frame.hold(add(m, input, output));
    return add(m, middle, callMlp(m, mlp, optionalNorm(m, module, forward.preMlpNorm, middle)));
  }
  if (forward.keepsNormed === true) {
    frame.hold(output);
    const middle = frame.hold(addResidual(m, forward, input, output));
    const mlpInput = optionalNorm(m, module, forward.preMlpNorm, middle);
    const mlpOutput = frame.hold(callMlp(m, mlp, mlpInput));
    return addResidual(m, forward, middle, mlpOutput);
  }
  if (forward.keepsSublayerOutputs === true) {
    frame.hold(output);
    const middle = frame.rebind(normed, addResidual(m, forward, input, output));
    const mlpInput = frame.hold(optionalNorm(m, module, forward.preMlpNorm, middle));
    const mlpOutput = frame.hold(callMlp(m, mlp, mlpInput));
    return addResidual(m, forward, middle, mlpOutput);
  }
  const attended = frame.rebind(normed, output);
  const afterAttention = frame.rebind(
    attended,
    optionalNorm(m, module, forward.postAttentionNorm, attended),
  );
  const middle = addSublayer(call, input, afterAttention);
  const mlpInput = frame.hold(optionalNorm(m, module, forward.preMlpNorm, middle));
  const [given, weights] = behindExperts(call, mlp, mlpInput);
  const mlpOutput = frame.rebind(mlpInput, given);
  if (weights !== undefined) {
    frame.hold(weights);
    if (scores !== undefined) frame.drop(scores);
  }
  const joined =
    forward.expertsBeside === undefined
      ? mlpOutput
      : withExpertsBeside(call, forward.expertsBeside, {
          output: mlpOutput,
          residual: middle,
          scores,
        });
  const afterMlp = frame.rebind(joined, optionalNorm(m, module, forward.postMlpNorm, joined));
  const sum = addSublayer(call, middle, afterMlp);
  return forward.inputPerLayer === undefined && forward.scaledBy === undefined
    ? sum
    : withExtras(call, { middle, sum, input: context.perLayer });
}

/** What attention gives; what is returned beside it stays. */
function mixed(
  { m, frame, module, forward, returned }: LayerCall,
  normed: Tensor,
  context: AttentionContext,
): readonly [output: Tensor, scores: Tensor | undefined] {
  const mixer = childOf(module, forward.attention);
  const [output, scores, unreturned] = callMixer(m, mixer, normed, context);
  if (scores !== undefined) returned.push(frame.hold(scores));
  if (unreturned !== undefined) frame.hold(unreturned);
  return [output, scores];
}

interface Finishing {
  /** The residual that the MLP's output was added to. */
  readonly middle: Tensor;
  readonly sum: Tensor;
  readonly input: Tensor | undefined;
}

/** What a token adds to this layer, and a scale of all. */
function withExtras(call: LayerCall, { middle, sum, input }: Finishing): Tensor {
  const { m, frame, module, forward } = call;
  const { inputPerLayer, scaledBy } = forward;
  let output = sum;
  if (inputPerLayer !== undefined) {
    frame.drop(middle);
    output = withInputPerLayer(call, inputPerLayer, { residual: sum, input: input ?? missing() });
  }
  if (scaledBy === undefined) return output;
  return frame.rebind(output, mulInPlace(m, output, module.buffers.get(scaledBy) ?? missing()));
}

/** The MLP of a layer whose attention and MLP stand side by side. */
function moduleOfMlp(module: BoundModule, { mlp }: DecoderLayerForward): BoundModule {
  if (typeof mlp !== "string") throw new Error(`${module.path} holds no MLP of its own`);
  return childOf(module, mlp);
}

interface Attending {
  readonly input: Tensor;
  /** What attention gave, in its variable. */
  readonly output: Tensor;
  readonly mlp: InlineMlp;
}

/** Source: transformers models/opt/modeling_opt.py `OPTDecoderLayer.forward`. */
function withInlineMlp(call: LayerCall, { input, output, mlp }: Attending): Tensor {
  const { m, frame, module, forward } = call;
  const { preAttentionNorm, preMlpNorm, normsSums = false } = forward;
  let hidden = addSublayer(call, input, output);
  if (normsSums) hidden = frame.rebind(hidden, optionalNorm(m, module, preAttentionNorm, hidden));
  const rows = frame.rebind(hidden, reshape(m, hidden, [-1, hidden.size(-1)]));
  const normed = frame.hold(normsSums ? rows : optionalNorm(m, module, preMlpNorm, rows));
  const inner = frame.rebind(normed, callLinear(m, childOf(module, mlp.up), normed));
  const activated = frame.rebind(inner, callActivation(m, module, mlp, inner));
  const fed = frame.rebind(activated, callLinear(m, childOf(module, mlp.down), activated));
  const sum = view(m, addSublayer(call, rows, fed), input.shape);
  return normsSums ? optionalNorm(m, module, preMlpNorm, sum) : sum;
}

/** The sum takes the variable of the sublayer's output. */
function addSublayer({ m, frame, forward }: LayerCall, residual: Tensor, output: Tensor): Tensor {
  if (forward.dropsBeforeSum !== true) {
    return frame.rebind(output, addResidual(m, forward, residual, output));
  }
  const dropped = frame.rebind(output, dropout(m, output, forward.residualDropout ?? 0));
  return frame.rebind(dropped, add(m, residual, dropped));
}

/** The MLP, which is added to what experts give that run before it, where a layer has both. */
function behindExperts(
  { m, frame, module, forward: { expertsFirst } }: LayerCall,
  mlp: BoundModule,
  hidden: Tensor,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  if (expertsFirst === undefined) return callAnyMlp(m, mlp, hidden);
  const [ofExperts] = callAnyMlp(m, childOf(module, expertsFirst), hidden);
  return [add(m, frame.hold(ofExperts), callMlp(m, mlp, hidden))];
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
