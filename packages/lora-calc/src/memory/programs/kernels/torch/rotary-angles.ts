/** The angle of every position and frequency, of which rotary embeddings take cosine and sine. */

import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { pointwise } from "../../../machine/ops/elementwise.js";
import type { Tensor } from "../../../machine/tensor.js";

/** A batched product of columns and rows. Source: transformers 5.18 models/llama/modeling_llama.py `LlamaRotaryEmbedding`. */
export function anglesByMatmul(
  m: Machine,
  frame: Frame,
  positions: Tensor,
  frequencies: number,
): void {
  frame.hold(pointwise(m, "_to_copy", [m.alias(positions)], "float32"));
  frame.hold(m.empty("bmm", [positions.size(0), frequencies, positions.size(-1)], "float32"));
}

/** An elementwise product. Source: the same in transformers 5.24. */
export function anglesByProduct(
  m: Machine,
  frame: Frame,
  positions: Tensor,
  frequencies: number,
): void {
  const [rows, length] = [positions.size(0), positions.size(-1)];
  const column = pointwise(m, "_to_copy", [m.alias(positions, [rows, length, 1])], "float32");
  frame.hold(m.empty("mul", [rows, length, frequencies], "float32"));
  m.consume(column);
}
