/** The tables of rotary position embeddings. */

import type { RotaryForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import { splitLastDim } from "../../machine/ops/split.js";
import type { Tensor } from "../../machine/tensor.js";

/** `rotary_emb(hidden, position_ids)`: cos and sin of shape (1, s, dim), of a grid (b, s, dim), in the dtype of hidden. */
export function rotaryTables(
  m: Machine,
  module: BoundModule,
  positions: Tensor,
  { hidden, kind = "" }: { readonly hidden: Tensor; readonly kind?: string },
): readonly [Tensor, Tensor] {
  const rotary = module.node.forward;
  if (rotary?.kind !== "rotary") throw new Error(`${module.path} makes no rotary tables`);
  const forward = { ...rotary, dim: rotary.dimOfType?.[kind] ?? rotary.dim };
  if (forward.isComplex === true) {
    const table = m.withoutGrad(() =>
      m.call(module.path, [positions], (frame) =>
        complexTable({ m, frame, module, forward }, positions),
      ),
    );
    return [table, table];
  }
  if (forward.isKept === true) {
    return m.withoutGrad(() =>
      m.call(module.path, [positions], (frame) => kept({ m, frame, module, forward }, positions)),
    );
  }
  const dtype = forward.keepsFp32 === true ? "float32" : hidden.dtype;
  const { table } = forward;
  if (table !== undefined) {
    return m.withoutGrad(() =>
      m.call(module.path, [positions], (frame) =>
        lookedUp({ m, frame, module, forward }, table, { positions, dtype }),
      ),
    );
  }
  const rows = hidden.size(0);
  const [cos, sin] = m.withoutGrad(() =>
    m.call(module.path, [positions], (frame) => {
      const [cosine, sine] = withAutocast(m, undefined, () => {
        const call = { m, frame, module, forward };
        return forward.grid === undefined ? plain(call, positions) : ofGrid(call, positions, rows);
      });
      return [cast(m, cosine, dtype), cast(m, sine, dtype)];
    }),
  );
  return [cos, sin];
}

interface TablesCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: RotaryForward;
}

/** Source: transformers 5.24 models/gptj/modeling_gptj.py `GPTJRotaryEmbedding`. */
function lookedUp(
  { m, frame, module }: TablesCall,
  name: string,
  { positions, dtype }: { readonly positions: Tensor; readonly dtype: Tensor["dtype"] },
): Pair {
  const table = module.buffers.get(name) ?? missing();
  const width = table.size(-1);
  const rows = m.empty("index", [1, positions.size(-1), width], table.dtype);
  const both = frame.hold(cast(m, rows, dtype));
  const [sin = missing(), cos = missing()] = splitLastDim(m, both, [width / 2, width / 2]);
  return [cos, sin];
}

/** Source: modeling_qwen.py of Qwen/Qwen-7B, `RotaryEmbedding.update_rotary_pos_emb_cache`. */
function kept({ m, frame, module, forward }: TablesCall, positions: Tensor): Pair {
  const length = positions.size(-1);
  const { buffers } = module;
  if (!buffers.has("cos")) {
    const all = Math.max(2 * length, SHORTEST_KEPT);
    const before = buffers.get("inv_freq") ?? missing();
    buffers.set("inv_freq", m.retain(frequencies(m, forward.dim / 2)));
    m.release(before);
    const places = frame.hold(m.empty("arange", [all], "int64"));
    const column = pointwise(m, "_to_copy", [places], "float32");
    frame.hold(m.empty("mul", [all, forward.dim / 2], "float32"));
    m.consume(column);
    frame.hold(m.empty("cat", [all, forward.dim], "float32"));
    for (const tag of ["cos", "sin"]) {
      buffers.set(tag, m.retain(m.empty(tag, [1, all, 1, forward.dim], "float32")));
    }
  }
  const rows = (name: string): Tensor => {
    const table = buffers.get(name) ?? missing();
    return m.alias(table, [1, length, 1, forward.dim]);
  };
  return [rows("cos"), rows("sin")];
}

const SHORTEST_KEPT = 16;

/** `1.0 / base ** (arange(0, dim, 2).float() / dim)`: the divisor lives until the quotient is made. */
function frequencies(m: Machine, count: number): Tensor {
  const steps = ["_to_copy", "div", "pow"];
  const divisor = steps.reduce(
    (input, tag) => pointwise(m, tag, [input], "float32"),
    m.empty("arange", [count], "int64"),
  );
  return m.frame((frame) => {
    const inverse = pointwise(m, "reciprocal", [frame.hold(divisor)], "float32");
    return pointwise(m, "mul", [inverse], "float32");
  });
}

type Pair = readonly [Tensor, Tensor];

function plain({ m, frame, module, forward }: TablesCall, positions: Tensor): Pair {
  const length = positions.size(-1);
  module.kernels.rotaryAngles(m, frame, positions, forward.dim / 2);
  const isHalved = forward.isHalved === true;
  const shape = [1, length, isHalved ? forward.dim / 2 : forward.dim];
  const doubled = forward.isInterleaved === true ? "clone" : "cat";
  if (!isHalved) frame.hold(m.empty(doubled, shape, "float32"));
  return [
    frame.hold(mulScalar(m, m.empty("cos", shape, "float32"))),
    frame.hold(mulScalar(m, m.empty("sin", shape, "float32"))),
  ];
}

/**
 * Time, height and width of every token, of text all the same.
 *
 * Source: transformers models/qwen3_vl/modeling_qwen3_vl.py, models/qwen2_5_vl/modeling_qwen2_5_vl.py
 * `recomposition_frequencies`.
 */
function ofGrid({ m, frame, module, forward }: TablesCall, positions: Tensor, rows: number): Pair {
  const length = positions.size(-1);
  const half = forward.dim / 2;
  const perAxis = frame.hold(m.alias(positions, [AXES * rows, length]));
  module.kernels.rotaryAngles(m, frame, perAxis, half);
  const table = (tag: string): Tensor =>
    frame.hold(mulScalar(m, m.empty(tag, [AXES, rows, length, half], "float32")));
  const recomposed = (axes: Tensor): Tensor => {
    const whole = m.frame((inner) => {
      if (forward.grid === "joined") {
        inner.hold(m.empty("cat", [rows, length, half], "float32"));
      }
      return m.empty("cat", [rows, length, forward.dim], "float32");
    });
    return frame.rebind(axes, whole);
  };
  const [cosine, sine] = [table("cos"), table("sin")];
  const wholeSine = recomposed(sine);
  return [recomposed(cosine), wholeSine];
}

/** Time, height and width. */
const AXES = 3;

/**
 * Complex numbers (1, s, dim / 2), here as pairs of fp32.
 *
 * Source: transformers models/deepseek_v2/modeling_deepseek_v2.py `DeepseekV2RotaryEmbedding`.
 */
function complexTable({ m, frame, module, forward }: TablesCall, positions: Tensor): Tensor {
  const half = forward.dim / 2;
  const shape = [1, positions.size(-1), half, 2];
  module.kernels.rotaryAngles(m, frame, positions, half);
  const ones = m.empty("ones_like", shape.slice(0, -1), "float32");
  const turned = frame.hold(m.empty("polar", shape, "float32"));
  m.consume(ones);
  return frame.rebind(turned, mulScalar(m, turned));
}
