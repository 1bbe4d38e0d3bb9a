/**
 * xformers' memory-efficient attention, and flash-attn's: (b, s, heads, d) in and out.
 *
 * Source: xformers ops/fmha/cutlass.py, csrc/attention/cuda/fmha/kernel_backward.h; flash-attn 2 flash_attn_interface.py.
 */

import type { Machine } from "../../machine/machine.js";
import { ceilTo } from "../../machine/layout.js";
import { contiguous } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Shape } from "../../machine/layout.js";

/** Tensors of attention in the order queries, keys, values. */
export type Heads = readonly [query: Tensor, key: Tensor, value: Tensor];

/** Rows of the log-sum-exp, and of the kernels' blocks. */
const STATISTICS_BLOCK = 32;
const QUERY_BLOCK = 64;
const FLASH_BLOCK = 128;
/** Wider heads are added up in fp32 outside registers. */
const MAX_DIM_IN_REGISTERS = 128;
/** From here on xformers takes its flash operator. */
const AMPERE = 80;

/** Output and log-sum-exp of the CUTLASS kernel; the latter is empty where no gradient will be asked for. */
function cutlass(
  m: Machine,
  [query]: Heads,
  sm: number,
  keepsStatistics: boolean,
): readonly [Tensor, Tensor] {
  const [batch = 1, length = 1, heads = 1, dim = 1] = query.shape;
  const output = m.empty("empty", query.shape, query.dtype);
  const rows = keepsStatistics ? ceilTo(length, STATISTICS_BLOCK) : 0;
  const statistics = m.empty("empty", [batch, heads, rows], "float32");
  if (dim > MAX_DIM_IN_REGISTERS && sm < AMPERE)
    m.consume(m.empty("empty", query.shape, "float32"));
  return [output, statistics];
}

/** With gradients: every query head has keys and values of its own. */
export function efficientAttention(m: Machine, states: Heads, sm: number): Tensor {
  const node = m.track("_fMHABackward", states);
  const [output, statistics] = m.withoutGrad(() => cutlass(m, states, sm, true));
  if (node !== undefined) {
    for (const each of states) m.save(node, each);
    for (const each of [output, statistics]) m.saveOutput(node, each);
    node.backward = (given, [query, key, value]) =>
      m.frame((frame) => {
        const gradient = frame.hold(contiguous(m, given));
        const made = [query, key, value].map((each) => {
          if (each === undefined) throw new Error("attention kept nothing");
          return frame.hold(m.empty("empty_like", each.shape, each.dtype));
        });
        if (sm >= AMPERE) flashBuffers(m, gradient.shape);
        else cutlassBuffers(m, gradient.shape);
        return made;
      });
  }
  m.consume(statistics);
  m.finish(node, [output], states);
  return output;
}

function flashBuffers(m: Machine, [batch = 1, length = 1, heads = 1, dim = 1]: Shape): void {
  const rows = ceilTo(length, FLASH_BLOCK);
  m.frame((frame) => {
    frame.hold(m.empty("empty", [batch, heads, rows], "float32"));
    frame.hold(m.empty("empty", [batch, rows, heads, dim], "float32"));
    return [];
  });
}

/** Row sums, and the gradient of queries added up in fp32. */
function cutlassBuffers(m: Machine, [batch = 1, length = 1, heads = 1, dim = 1]: Shape): void {
  const elements = batch * heads * ceilTo(length, QUERY_BLOCK) * ceilTo(dim, QUERY_BLOCK);
  m.frame((frame) => {
    frame.hold(m.empty("empty", [batch, heads, length], "float32"));
    frame.hold(m.empty("empty", [elements], "float32"));
    return [];
  });
}

/**
 * Without gradients. Below Ampere grouped keys go head by head, every head but the first on a CUDA stream of its own, dealt from
 * a pool: a block of one stream never serves another, so that all of them come to hold memory.
 */
export function attentionWithoutGradient(m: Machine, states: Heads, sm: number): Tensor {
  const [query, key] = states;
  const [batch = 1, length = 1, heads = 1, dim = 1] = query.shape;
  const groups = key.size(2);
  if (groups === heads || sm >= AMPERE) {
    const [output, statistics] = cutlass(m, states, sm, false);
    m.consume(statistics);
    for (const each of states) m.consume(each);
    return output;
  }
  return m.frame((frame) => {
    const shape = [batch, length, heads / groups, dim];
    for (let head = 0; head < groups; head += 1) {
      m.stream = head === 0 ? undefined : "next";
      frame.hold(m.empty("empty", shape, query.dtype));
      if (m.stream !== undefined) m.stream = "same";
      if (dim > MAX_DIM_IN_REGISTERS) m.consume(m.empty("empty", shape, "float32"));
    }
    m.stream = undefined;
    const stacked = m.empty("stack", query.shape, query.dtype);
    for (const each of states) m.consume(each);
    return stacked;
  });
}

/** flash-attn takes grouped keys as they are; in backward they have a gradient per query head first. */
export function flashAttention(m: Machine, states: Heads): Tensor {
  const node = m.track("FlashAttnFuncBackward", states);
  const [query] = states;
  const [batch = 1, length = 1, heads = 1] = query.shape;
  const [output, statistics] = m.withoutGrad(() => {
    if (node !== undefined) {
      const made = m.empty("empty_like", query.shape, query.dtype);
      return [made, m.empty("empty", [batch, heads, length], "float32")] as const;
    }
    m.consume(m.empty("empty", [batch, heads, length], "float32"));
    return [m.empty("empty_like", query.shape, query.dtype), undefined] as const;
  });
  if (node !== undefined && statistics !== undefined) {
    for (const each of states) m.save(node, each);
    for (const each of [output, statistics]) m.saveOutput(node, each);
    node.backward = (given, saved) => flashGradients(m, given, saved);
    m.consume(statistics);
  }
  m.finish(node, [output], states);
  return output;
}

function flashGradients(m: Machine, given: Tensor, saved: readonly Tensor[]): readonly Tensor[] {
  const [query, key] = saved;
  if (query === undefined || key === undefined) throw new Error("attention kept nothing");
  const [batch = 1, length = 1, heads = 1, dim = 1] = query.shape;
  return m.frame((frame) => {
    frame.hold(contiguous(m, given));
    const made = saved
      .slice(0, 3)
      .map((each) => frame.hold(m.empty("empty_like", each.shape, each.dtype)));
    const rows = ceilTo(length, FLASH_BLOCK);
    frame.hold(m.empty("empty", [batch, heads, rows], "float32"));
    frame.hold(m.empty("empty", [batch, rows, heads, dim], "float32"));
    if (key.size(2) === heads) return made;
    const wide = [batch, length, heads, dim];
    for (let each = 0; each < 2; each += 1) frame.hold(m.empty("empty", wide, key.dtype));
    return made;
  });
}
