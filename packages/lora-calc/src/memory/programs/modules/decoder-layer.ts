/** One decoder layer: norms, attention, MLP and residual additions in the order the blueprint says. */

import { missing } from "../../../problem/missing.js";
import type { InlineMlp } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { add, mulInPlace } from "../../machine/ops/elementwise.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAllExperts } from "./all-experts.js";
import { callActivation } from "./activation.js";
import type { Attended } from "./attention.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { withExpertsBeside, withInputPerLayer } from "./layer-extras.js";
import { addResidual, addSublayer, optionalNorm } from "./layer-call.js";
import type { LayerCall } from "./layer-call.js";
import { callLinear } from "./linear.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { parallel } from "./parallel-layer.js";
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
  if (forward.keepsGiven === true) {
    frame.hold(output);
    const middle = frame.hold(addResidual(m, forward, input, output));
    const mlpInput = frame.rebind(normed, optionalNorm(m, module, forward.preMlpNorm, middle));
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
  const middle = withAttended(call, { input, normed, output });
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

/** `input + norm(output)`, in the variable of what attention read. */
function withAttended(
  call: LayerCall,
  { input, normed, output }: { input: Tensor; normed: Tensor; output: Tensor },
): Tensor {
  const { m, frame, module, forward } = call;
  if (forward.namesAttended === true) {
    return frame.rebind(normed, add(m, input, frame.hold(output)));
  }
  const attended = frame.rebind(normed, output);
  const norm = optionalNorm(m, module, forward.postAttentionNorm, attended);
  return addSublayer(call, input, frame.rebind(attended, norm));
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
  const { forward } = module.node;
  if (forward?.kind === "all_experts_mlp") {
    const [output, scores] = callAllExperts(m, module, forward, hidden);
    return [view(m, output, hidden.shape), scores];
  }
  if (forward?.kind !== "sparse_mlp") return [callMlp(m, module, hidden)];
  return callSparseMlp(m, module, hidden);
}
