/**
 * Memory-efficient attention, with an additive mask (b, 1, s, s) if there is one. Fewer heads of keys than of queries stay so.
 *
 * Source: torch 2.13 and 2.14 aten/src/ATen/native/transformers/cuda/attention.cu `_efficient_attention_forward`,
 * attention_backward.cu, and in the wheel mem_eff_attention/kernel_forward.h, kernel_backward.h (`workspace_size`),
 * kernels/cutlassB.h.
 */

import { around, inside } from "../inside.js";
import type { Inside } from "../inside.js";
import { ceilTo, isLengthMajor } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import type { Dtype } from "../../../units/dtype.js";

const TAG = "_scaled_dot_product_efficient_attention";
/** Rows of the log-sum-exp come in blocks of 32. */
const STATISTICS_BLOCK = 32;
/** Wider outputs of 16 bits do not fit the registers and are summed in a buffer. */
const MAX_DIM_IN_REGISTERS = 128;

interface EfficientOptions {
  readonly mask: Tensor | undefined;
  readonly dropout: number;
  /** Compute capability, as 86 for 8.6. */
  readonly sm: number;
}

/** Keeps q, k, v, the mask, the output and one fp32 log-sum-exp per query; its random numbers lie on the CPU. */
export function efficientAttention(
  m: Machine,
  states: readonly [query: Tensor, key: Tensor, value: Tensor],
  { mask, dropout, sm }: EfficientOptions,
): Tensor {
  const [query, key, value] = states;
  const inputs = mask?.requiresGrad === true ? [...states, mask] : states;
  const node = m.track("ScaledDotProductEfficientAttentionBackward0", inputs);
  if (node !== undefined) {
    for (const input of [...states, mask]) if (input !== undefined) m.save(node, input);
  }
  const [batch = 1, heads = 1, length = 1, dim = 1] = query.shape;
  const [valueDim, keys] = [value.size(-1), key.size(2)];
  const padded = ceilTo(length, STATISTICS_BLOCK);
  const [output, statistics] = m.attentionOutputs(() => {
    const shape = [batch, heads, length, valueDim];
    const made = m.empty(TAG, shape, query.dtype, lengthMajor(shape));
    const sums = m.empty(TAG, node === undefined ? [0] : [batch, heads, padded], "float32");
    if (query.dtype !== "float32" && Math.max(dim, valueDim) > MAX_DIM_IN_REGISTERS) {
      inside(m, [["efficient_output_accum", [batch, length, heads, valueDim], "float32"]]);
    }
    return [made, sums] as const;
  });
  if (node !== undefined) {
    for (const kept of [output, statistics]) m.saveOutput(node, kept);
    const shapes = states.map(({ shape }) => shape);
    const biasShape = mask?.requiresGrad === true ? mask.shape : undefined;
    node.backward = (gradient) =>
      around(
        m,
        isLengthMajor(gradient.shape, gradient.strides)
          ? []
          : [["efficient_grad_out_contiguous", gradient.shape, gradient.dtype]],
        () => [
          ...shapes.map((shape) =>
            m.empty(`${TAG}_backward`, shape, gradient.dtype, lengthMajor(shape)),
          ),
          ...(biasShape === undefined ? [] : [gradientOfBias(m, biasShape, gradient.dtype)]),
        ],
        [
          ...expandedGradients(shapes, gradient.dtype),
          ...backwardBuffers(gradient, { queryDim: dim, keys, sm, drops: dropout > 0 }),
        ],
      );
  }
  m.consume(statistics);
  m.finish(node, [output], inputs);
  return output;
}

/** Rows of the gradient of a bias begin at multiples of this many elements. */
const BIAS_ALIGNMENT = 16;

/** A gradient with wider rows, seen through a slice. */
function gradientOfBias(m: Machine, shape: Shape, dtype: Dtype): Tensor {
  const [batch = 1, heads = 1, queries = 1, keys = 1] = shape;
  const width = ceilTo(keys, BIAS_ALIGNMENT);
  const whole = m.empty(`${TAG}_backward`, [batch, heads, queries, width], dtype);
  const part = m.alias(whole, shape, whole.strides);
  m.consume(whole);
  return part;
}

/**
 * The kernel makes a gradient of keys and values for every head of the queries; they are summed over groups at its end.
 * Source: torch 2.14 mem_eff_attention/kernel_backward.h `grad_key_ptr`, and the order of calls in the compiled
 * `_efficient_attention_backward`.
 */
function expandedGradients(
  [query = [], key = [], value = []]: readonly Shape[],
  dtype: Dtype,
): Inside[] {
  const [batch = 1, heads = 1, , dim = 1] = query;
  const [, keyValueHeads = 1, length = 1] = key;
  if (heads === keyValueHeads) return [];
  return [
    ["efficient_grad_k_expanded", [batch, length, heads, dim], dtype],
    ["efficient_grad_v_expanded", [batch, length, heads, value[3] ?? dim], dtype],
  ];
}

/** Rows and columns of the block that the backward kernel works on, and its widest head. */
interface Block {
  readonly rows: number;
  readonly columns: number;
  readonly widest: number;
}

interface BackwardCall {
  readonly queryDim: number;
  /** How many. */
  readonly keys: number;
  readonly sm: number;
  readonly drops: boolean;
}

/** Row sums of gradient · output, and the fp32 gradients that do not fit the registers. */
function backwardBuffers(
  { shape, dtype }: Tensor,
  { queryDim, keys, sm, drops }: BackwardCall,
): Inside[] {
  const [batch = 1, heads = 1, length = 1, valueDim = 1] = shape;
  const isHalf = dtype !== "float32";
  const block = backwardBlock({ sm, isHalf, dim: Math.max(queryDim, valueDim), drops });
  const isInRegisters = isHalf && block.widest <= block.rows;
  const kernelSumsRows = isHalf && (isInRegisters || sm < 70 || sm >= 75);
  const { rows, columns } = block;
  // As many splits of the keys as keep 200 blocks busy.
  const splits = Math.max(
    Math.min(Math.ceil(keys / columns), Math.floor(200 / (batch * heads))),
    1,
  );
  const queries = Math.ceil(length / rows) * Math.ceil(queryDim / columns) * (4 + rows * columns);
  const keysAndValues = splits * columns * (ceilTo(queryDim, rows) + ceilTo(valueDim, rows));
  const floats =
    (sm >= 70 || isHalf ? queries : 0) + (isHalf && !isInRegisters ? keysAndValues : 0);
  return [
    ...(kernelSumsRows ? [] : explicitRowSums(shape, isHalf)),
    ["efficient_delta", [batch, heads, length], "float32"],
    ["efficient_workspace", [4 * batch * heads * ceilTo(floats, 4)], "uint8"],
  ];
}

function explicitRowSums(shape: Shape, isHalf: boolean): Inside[] {
  const [batch = 1, heads = 1, length = 1, dim = 1] = shape;
  const casts: Inside[] = [
    ["efficient_grad_out_float", shape, "float32"],
    ["efficient_out_float", shape, "float32"],
  ];
  return [
    ...(isHalf ? casts : []),
    ["efficient_delta_product", [batch, length, heads, dim], "float32"],
    ["efficient_delta_sum", [batch, length, heads], "float32"],
  ];
}

interface BlockCall {
  readonly sm: number;
  readonly isHalf: boolean;
  /** The wider of queries and values. */
  readonly dim: number;
  readonly drops: boolean;
}

/** Cards whose shared memory holds the larger blocks: A100, H100, B200 and B300. */
const MUCH_SHARED_MEMORY: ReadonlySet<number> = new Set([80, 90, 100]);

/**
 * The first backward kernel that fits. Which ones fit is known to the compiler; assumed is that blocks of more than 64
 * rows need more than 99 KiB, as xformers' generate_kernels.py says of the one that is made for 8.6 and 8.9.
 */
function backwardBlock({ sm, isHalf, dim, drops }: BlockCall): Block {
  if (dim <= 64) return { rows: 64, columns: 64, widest: dim <= 32 ? 32 : 64 };
  const widest = dim <= 128 ? 128 : 65_536;
  if (isHalf && dim <= 96 && sm === 86 && !drops) {
    return { rows: 128, columns: 64, widest: 96 };
  }
  if (!MUCH_SHARED_MEMORY.has(sm)) return { rows: 64, columns: 64, widest };
  return { rows: 128, columns: isHalf && dim <= 128 ? 128 : 64, widest };
}

/** Strides of a (batch, heads, length, dim) tensor that lies in memory as (batch, length, heads, dim). */
function lengthMajor([, heads = 1, length = 1, dim = 1]: Shape): number[] {
  return [length * heads * dim, dim, heads * dim, 1];
}
