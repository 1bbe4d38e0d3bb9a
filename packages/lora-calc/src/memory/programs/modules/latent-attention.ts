/** Multi-head latent attention: queries, keys and values made from short vectors. */

import type { LatentAttentionForward } from "../../../graph/tree/forward.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { assignPart } from "../../machine/ops/assign.js";
import { cat } from "../../machine/ops/elementwise.js";
import { splitLastDim } from "../../machine/ops/split.js";
import { contiguous, expand, reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { missing } from "../../../problem/missing.js";
import type { Attended } from "./attention.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";
import { callIndexer, sparseMask } from "./sparse-index.js";

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callLatentAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "latent_attention")
    throw new Error(`${module.path} is no latent attention`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const { headDim, plainDim, ropeDim, keyRank } = forward;
    const [rows = 1, length = 1] = hidden.shape;
    const residual = residualOf(m, module, forward, hidden);
    if (forward.sparse !== undefined) frame.hold(residual);
    const whole = frame.hold(queriesOf(m, module, forward, residual));
    const cut = view(m, whole, [rows, length, -1, headDim]);
    const queries = frame.rebind(whole, transpose(m, cut, 1, 2));
    const [plain, turning] = pair(splitLastDim(m, queries, [plainDim, ropeDim]));
    frame.hold(plain);
    frame.hold(turning);
    const [down, norm] = forward.keyValue;
    const compressed = frame.hold(callLinear(m, childOf(module, down), hidden));
    const [latent, key] = pair(splitLastDim(m, compressed, [keyRank, ropeDim]));
    frame.hold(latent);
    frame.hold(key);
    const normed = frame.rebind(latent, callNorm(m, childOf(module, norm), latent));
    const short = frame.rebind(normed, view(m, normed, [rows, 1, length, keyRank]));
    const oneHead = frame.rebind(key, view(m, key, [rows, 1, length, ropeDim]));
    const { tables } = context;
    if (tables === undefined) throw new Error(`${module.path} needs rotary tables`);
    const turned = module.kernels.rotary(m, forward.rotary, [turning, oneHead], tables);
    for (const tensor of turned) frame.hold(tensor);
    frame.drop(turning);
    frame.drop(oneHead);
    const query = frame.hold(cat(m, [plain, turned[0]], -1));
    const [keys, value] = expanded(m, module, forward, [short, turned[1]]);
    frame.hold(keys);
    frame.hold(value);
    const choice = choiceOf(m, module, forward, { context, hidden, residual });
    if (choice !== undefined) frame.hold(choice);
    const mask = choice === undefined ? undefined : sparseMask(m, frame, choice, context);
    const [attended, scores] = module.kernels.attention(
      m,
      forward,
      { query, key: keys, value },
      mask === undefined ? context : { ...context, mask },
    );
    frame.hold(attended);
    if (scores !== undefined) frame.hold(scores);
    const joined = contiguous(m, reshape(m, attended, [rows, length, -1]));
    const flat = frame.rebind(attended, joined);
    const output = callLinear(m, childOf(module, forward.output), flat);
    if (forward.sparse?.returnsChoice === true && choice !== undefined) {
      return scores === undefined ? [output, choice] : [output, choice, scores];
    }
    return scores === undefined ? [output] : [output, scores];
  });
}

/** What queries are projected from where they are made in two steps, else the queries. */
function residualOf(
  m: Machine,
  module: BoundModule,
  { query: [first, norm] }: LatentAttentionForward,
  hidden: Tensor,
): Tensor {
  const made = callLinear(m, childOf(module, first), hidden);
  return norm === undefined ? made : callNorm(m, childOf(module, norm), made);
}

/** (b, s, heads · headDim). */
function queriesOf(
  m: Machine,
  module: BoundModule,
  { query: [, , up] }: LatentAttentionForward,
  residual: Tensor,
): Tensor {
  return up === undefined ? residual : callLinear(m, childOf(module, up), residual);
}

/** Of this layer's indexer, or of an earlier layer's. */
function choiceOf(
  m: Machine,
  module: BoundModule,
  { sparse }: LatentAttentionForward,
  { context, ...read }: { context: AttentionContext; hidden: Tensor; residual: Tensor },
): Tensor | undefined {
  if (sparse === undefined) return undefined;
  if (sparse.indexer === undefined) return context.choice ?? missing();
  return callIndexer(m, childOf(module, sparse.indexer), read, context);
}

/** Keys and values of all heads, (b, heads, s, …), from the short vector and the one turned key. */
function expanded(
  m: Machine,
  module: BoundModule,
  { keyValue: [, , up], plainDim, ropeDim, valueDim }: LatentAttentionForward,
  [short, turned]: readonly [Tensor, Tensor],
): readonly [Tensor, Tensor] {
  const [rows = 1, , length = 1] = short.shape;
  return m.frame<readonly [Tensor, Tensor]>((frame) => {
    const wide = callLinear(m, childOf(module, up), short);
    const perHead = view(m, wide, [rows, length, -1, plainDim + valueDim]);
    const both = frame.hold(transpose(m, perHead, 1, 2));
    const [plain, value] = pair(splitLastDim(m, both, [plainDim, valueDim]));
    frame.hold(plain);
    frame.hold(value);
    const heads = both.size(1);
    const shared = frame.hold(expand(m, turned, [rows, heads, length, ropeDim]));
    const empty = frame.hold(
      m.empty("new_empty", [rows, heads, length, plainDim + ropeDim], both.dtype),
    );
    const started = frame.rebind(empty, assignPart(m, empty, plain));
    return [frame.rebind(started, assignPart(m, started, shared)), value];
  });
}

function pair([first, second]: readonly Tensor[]): readonly [Tensor, Tensor] {
  if (first === undefined || second === undefined) throw new Error("a split lost a part");
  return [first, second];
}
