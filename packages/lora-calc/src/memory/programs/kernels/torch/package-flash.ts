/**
 * Attention by the flash-attn package, as transformers calls it.
 *
 * Source: transformers 5.18 integrations/flash_attention.py, modeling_flash_attention_utils.py `_flash_attention_forward`,
 * `_is_packed_sequence`, `prepare_fa_kwargs_from_position_ids`.
 */

import type { AttentionContext, PackedRow, QueryKeyValue } from "../../../load/bound-module.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { packageFlashAttention } from "../../../machine/ops/package-flash-attention.js";
import { contiguous, transpose, view } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import { missing } from "../../../../problem/missing.js";

/** Output (b, s, heads, d). */
export function packageFlash(m: Machine, states: QueryKeyValue, context: AttentionContext): Tensor {
  return m.frame((frame) => {
    const turned = [states.query, states.key, states.value].map((each) =>
      frame.hold(transpose(m, each, 1, 2)),
    );
    const [query = missing(), key = missing(), value = missing()] = narrowed(m, frame, turned);
    const { positions, packed, looksLate = false } = context;
    const answer = looksLate
      ? lateAnswer(m, context, query.size(0))
      : positions && looksForPacked(m, positions, query.size(0));
    if (answer !== undefined && looksLate) m.consume(answer);
    else if (answer !== undefined) frame.hold(answer);
    if (packed === undefined) return packageFlashAttention(m, [query, key, value]);
    const flat = [query, key, value].map((each) =>
      frame.hold(view(m, contiguous(m, each), [-1, each.size(-2), each.size(-1)])),
    );
    const [q = missing(), k = missing(), v = missing()] = flat;
    const starts = packed.starts?.[0] ?? frame.hold(startsOf(m, frame, packed));
    const output = frame.hold(packageFlashAttention(m, [q, k, v], starts));
    return view(m, output, query.shape);
  });
}

/** What PEFT or a norm left in fp32 goes back to the dtype of autocast. */
function narrowed(m: Machine, frame: Frame, states: readonly Tensor[]): readonly Tensor[] {
  const { dtype } = m.autocast;
  if (states[0]?.dtype !== "float32" || dtype === undefined) return states;
  return states.map((each) => frame.rebind(each, cast(m, each, dtype)));
}

/** Of single rows that say no starts; the answer has no name, and ends with the question. */
function lateAnswer(
  m: Machine,
  { positions, packed }: AttentionContext,
  rows: number,
): Tensor | undefined {
  const isAsked = rows === 1 && packed?.starts === undefined && positions !== undefined;
  return isAsked ? looksForPacked(m, positions, rows) : undefined;
}

/** Whether positions begin again, which only a batch of one row can: a bool on the card. */
function looksForPacked(m: Machine, positions: Tensor, rows: number): Tensor | undefined {
  const { shape } = positions;
  const range = m.empty("arange", shape.slice(-1), "int64");
  const least = m.empty("min", [], "int64");
  const expected = m.empty("add", shape.slice(-1), "int64");
  for (const each of [range, least]) m.consume(each);
  if (rows !== 1) {
    m.consume(expected);
    return undefined;
  }
  const apart = m.empty("sub", shape, "int64");
  const size = m.empty("abs", shape, "int64");
  m.consume(apart);
  const sum = m.empty("sum", [], "int64");
  m.consume(size);
  const answer = m.empty("_to_copy", [], "bool");
  for (const each of [sum, expected]) m.consume(each);
  return answer;
}

/** Where sequences start, and where the last ends: (count + 1,) in int32. */
function startsOf(m: Machine, frame: Frame, { positions, sequences: count }: PackedRow): Tensor {
  const least = m.empty("min", [], "int64");
  const isFirst = m.empty("eq", [positions.size(-1)], "bool");
  m.consume(least);
  const places = m.empty("new_empty", [count, 1], "int64");
  m.consume(isFirst);
  const starts = m.empty("_to_copy", [count], "int32");
  const end = m.empty("lift_fresh", [1], "int32");
  const all = m.empty("cat", [count + 1], "int32");
  for (const each of [starts, end]) m.consume(each);
  const lengths = m.empty("sub", [count], "int32");
  frame.hold(m.empty("max", [], "int32"));
  for (const each of [lengths, places]) m.consume(each);
  return all;
}
