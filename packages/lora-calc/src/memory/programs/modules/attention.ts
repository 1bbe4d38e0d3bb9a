/** Self-attention modules. */

import type { AttentionForward, QueryKeyNormPlace } from "../../../graph/tree/forward.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { sigmoid } from "../../machine/ops/activations.js";
import { cast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { mul, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import { chunkLastDim, splitLastDim } from "../../machine/ops/split.js";
import {
  contiguous,
  reshape,
  slice,
  transpose,
  unbind,
  unsqueeze,
  view,
} from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import { missing } from "../../../problem/missing.js";
import { callLinear } from "./linear.js";
import { inGroups } from "./fused-groups.js";
import { callNorm } from "./norm.js";

/** What an attention module gives: its output, and the scores when the eager kernel hands them out, or behind what it chose. */
export type Attended =
  | readonly [Tensor]
  | readonly [Tensor, Tensor]
  | readonly [output: Tensor, choice: Tensor, scores: Tensor];

/** `module(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  if (forward?.kind !== "attention") throw new Error(`${module.path} is not an attention module`);
  return m.call<Attended>(module.path, [hidden], (frame) => {
    const { projections: kind } = forward;
    const projected =
      kind.kind === "fused_groups"
        ? inGroups(m, frame.hold(callLinear(m, childOf(module, kind.fused), hidden)), kind, forward)
        : projections(m, module, forward, { hidden, seen: context.memory ?? hidden });
    for (const tensor of projected) frame.hold(tensor);
    let [query, key] = projected;
    const [, , value, gate] = projected;
    if (forward.queryKeyNorm?.on === "head_transposed") {
      query = frame.rebind(query, callNorm(m, childOf(module, forward.queryKeyNorm.query), query));
      key = frame.rebind(key, callNorm(m, childOf(module, forward.queryKeyNorm.key), key));
    }
    if (forward.rotary !== undefined && context.tables !== undefined) {
      const turned = module.kernels.rotary(m, forward.rotary, [query, key], context.tables);
      for (const tensor of turned) frame.hold(tensor);
      frame.drop(query);
      frame.drop(key);
      [query, key] = turned;
    }
    if (forward.scalesByPosition === true) {
      query = frame.rebind(query, scaledByPosition(m, query, context.positions ?? missing()));
    }
    const sinks = forward.sinks === undefined ? {} : { sinks: parameterOf(module, forward.sinks) };
    const { ownKernel } = forward;
    const table =
      ownKernel === undefined ? {} : { table: module.buffers.get(ownKernel.table) ?? missing() };
    const [attended, scores] = module.kernels.attention(
      m,
      forward,
      { query, key, value, ...sinks, ...table, inputDtype: hidden.dtype },
      context,
    );
    frame.hold(attended);
    if (scores !== undefined) frame.hold(scores);
    const joined = contiguous(m, reshape(m, attended, [...hidden.shape.slice(0, -1), -1]));
    let flat = frame.rebind(attended, joined);
    if (gate !== undefined) flat = frame.rebind(flat, mul(m, flat, sigmoid(m, gate)));
    const output = projectedBack({ m, frame, module, forward }, flat);
    return scores === undefined ? [output] : [output, scores];
  });
}

/** `dropout(output(flat))`. */
function projectedBack({ m, frame, module, forward }: AttentionCall, flat: Tensor): Tensor {
  if (forward.output === undefined) return flat;
  const last = childOf(module, forward.output);
  const projected = module.kernels.projectAlone?.(m, last, flat) ?? callLinear(m, last, flat);
  return dropout(m, frame.rebind(flat, projected), forward.outputDropout ?? 0);
}

/**
 * `query * (1 + beta * log(1 + floor(positions / max)))[:, None, :, None].to(query.dtype)`.
 *
 * Source: transformers models/ministral3/modeling_ministral3.py `get_llama_4_attn_scale`.
 */
function scaledByPosition(m: Machine, query: Tensor, positions: Tensor): Tensor {
  const steps = ["div", "floor", "add", "log", "mul", "add"];
  const factors = steps.reduce(
    (input, tag) => pointwise(m, tag, [input], "float32"),
    m.alias(positions),
  );
  const perQuery = view(m, factors, [1, 1, positions.size(-1), 1]);
  return mul(m, query, cast(m, perQuery, query.dtype));
}

/** The gate is (b, s, heads · d). */
type Projected =
  | readonly [query: Tensor, key: Tensor, value: Tensor]
  | readonly [query: Tensor, key: Tensor, value: Tensor, gate: Tensor];

/** What queries are made of, and what keys and values are. */
interface Read {
  readonly hidden: Tensor;
  readonly seen: Tensor;
}

/** Queries (b, heads, s, d), keys and values (b, kv_heads, s, d), as views of what the projections give. */
function projections(
  m: Machine,
  module: BoundModule,
  forward: AttentionForward,
  { hidden, seen }: Read,
): Projected {
  const { projections: kind, headDim } = forward;
  return m.frame<Projected>((frame) => {
    if (forward.gatesOutput === true && kind.kind === "separate") {
      return gated({ m, frame, module, forward }, kind, hidden);
    }
    if (kind.kind === "separate")
      return separate({ m, frame, module, forward }, kind, { hidden, seen });
    if (kind.kind === "fused_multi_query") {
      const fused = unsqueeze(m, callLinear(m, childOf(module, kind.fused), hidden), 1);
      const [queries, key, value] = three(splitLastDim(m, fused, widths(forward)));
      const perHead = view(m, frame.hold(queries), [...hidden.shape.slice(0, -1), -1, headDim]);
      frame.hold(key);
      frame.hold(value);
      return [frame.rebind(queries, transpose(m, perHead, 1, 2)), key, value];
    }
    const fused = frame.hold(callLinear(m, childOf(module, kind.fused), hidden));
    if (kind.kind === "fused_unbind") {
      const shape = [...hidden.shape.slice(0, -1), 3, -1, headDim];
      const parts = unbind(m, frame.rebind(fused, view(m, fused, shape)), -3);
      for (const part of parts) frame.hold(part);
      return three(parts.map((part) => frame.rebind(part, transpose(m, part, 1, 2))));
    }
    if (kind.kind === "fused_per_head") {
      const perHead = frame.hold(toHeads(m, fused, 3 * headDim));
      return three(chunkLastDim(m, perHead, 3));
    }
    const parts =
      kind.kind === "fused_split" ? split(m, forward, fused) : slices(m, forward, fused);
    return three(parts.map((part) => frame.hold(toHeads(m, part, headDim))));
  });
}

type Separate = Extract<AttentionForward["projections"], { kind: "separate" }>;

interface AttentionCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: AttentionForward;
}

/** Each projection with its norm. Norms of whole projections come before any cutting into heads. */
function separate(
  { m, frame, module, forward }: AttentionCall,
  names: Separate,
  { hidden, seen }: Read,
): Projected {
  const norm = forward.queryKeyNorm;
  const normed = (x: Tensor, name: string | undefined, here: QueryKeyNormPlace): Tensor =>
    norm?.on === here && name !== undefined ? callNorm(m, childOf(module, name), x) : x;
  const project = (name: string, normName?: string): Tensor =>
    normed(callLinear(m, childOf(module, name), hidden), normName, "projection");
  const cut = (x: Tensor): Tensor => view(m, x, [...x.shape.slice(0, -1), -1, forward.headDim]);
  const heads = (x: Tensor, normName?: string): Tensor =>
    transpose(m, normed(cut(x), normName, "head"), 1, 2);
  const { projectTogether } = module.kernels;
  if (projectTogether !== undefined) {
    const modules = [names.query, names.key, names.value].map((name) => childOf(module, name));
    const made =
      projectTogether(m, modules, hidden) ?? modules.map((each) => callLinear(m, each, hidden));
    for (const each of made) frame.hold(each);
    const norms = [norm?.query, norm?.key];
    return three(made.map((each, index) => frame.rebind(each, heads(each, norms[index]))));
  }
  if (names.cuts === "query_apart") {
    const projectedQuery = project(names.query);
    const scaled = forward.scalesQuery === true ? mulScalar(m, projectedQuery) : projectedQuery;
    const query = frame.hold(heads(scaled));
    const key = frame.hold(callLinear(m, childOf(module, names.key), seen));
    const value = frame.hold(callLinear(m, childOf(module, names.value), seen));
    return [query, frame.rebind(key, heads(key)), frame.rebind(value, heads(value))];
  }
  if (names.cuts === "moved_after_norms") {
    const query = frame.hold(cut(project(names.query)));
    const key = frame.hold(cut(project(names.key)));
    const value = frame.hold(cut(project(names.value)));
    const normedQuery = frame.rebind(query, normed(query, norm?.query, "head"));
    const normedKey = frame.rebind(key, normed(key, norm?.key, "head"));
    return three(
      [normedQuery, normedKey, value].map((x) => frame.rebind(x, transpose(m, x, 1, 2))),
    );
  }
  if (norm?.on === "projection" || names.cuts !== undefined) {
    const query = frame.hold(project(names.query, norm?.query));
    const key = frame.hold(project(names.key, norm?.key));
    const value = frame.hold(project(names.value));
    return [
      frame.rebind(query, heads(query, norm?.query)),
      frame.rebind(key, heads(key, norm?.key)),
      frame.rebind(value, heads(value)),
    ];
  }
  const scaledKey = (x: Tensor): Tensor => (forward.scalesKey === true ? mulScalar(m, x) : x);
  return [
    frame.hold(heads(project(names.query), norm?.query)),
    frame.hold(scaledKey(heads(project(names.key), norm?.key))),
    frame.hold(heads(project(names.value))),
  ];
}

/** Queries and gate are cut out of every head of one projection, and only queries and keys are normalised. */
function gated(
  { m, frame, module, forward }: AttentionCall,
  names: Separate,
  hidden: Tensor,
): Projected {
  const { headDim, queryKeyNorm: norm } = forward;
  const cut = (x: Tensor, width: number): Tensor =>
    view(m, x, [...hidden.shape.slice(0, -1), -1, width]);
  const project = (name: string, width = headDim): Tensor =>
    cut(callLinear(m, childOf(module, name), hidden), width);
  const normed = (x: Tensor, name: string | undefined): Tensor =>
    name === undefined ? x : callNorm(m, childOf(module, name), x);
  const [first, second] = chunkLastDim(m, project(names.query, 2 * headDim), 2);
  if (first === undefined || second === undefined) throw new Error("chunk gave too few parts");
  frame.hold(first);
  frame.hold(second);
  const gate = frame.rebind(second, reshape(m, second, [...hidden.shape.slice(0, -1), -1]));
  const query = transpose(m, normed(cut(first, headDim), norm?.query), 1, 2);
  return [
    frame.rebind(first, query),
    frame.hold(transpose(m, normed(project(names.key), norm?.key), 1, 2)),
    frame.hold(transpose(m, project(names.value), 1, 2)),
    gate,
  ];
}

function toHeads(m: Machine, x: Tensor, width: number): Tensor {
  return transpose(m, view(m, x, [...x.shape.slice(0, -1), -1, width]), 1, 2);
}

function widths({ heads, keyValueHeads, headDim }: AttentionForward): readonly number[] {
  return [heads * headDim, keyValueHeads * headDim, keyValueHeads * headDim];
}

function split(m: Machine, forward: AttentionForward, fused: Tensor): readonly Tensor[] {
  return splitLastDim(m, fused, widths(forward));
}

function slices(m: Machine, forward: AttentionForward, fused: Tensor): readonly Tensor[] {
  let start = 0;
  return widths(forward).map((width) => {
    start += width;
    return slice(m, fused, -1, [start - width, start]);
  });
}

function three(tensors: readonly Tensor[]): Projected {
  const [query, key, value] = tensors;
  if (query === undefined || key === undefined || value === undefined) {
    throw new Error("attention needs queries, keys and values");
  }
  return [query, key, value];
}
