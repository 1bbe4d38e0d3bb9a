/**
 * LitGPT's LoRA layers: one beside a linear layer, and one for queries, keys and values, whose updates are put among zeros.
 *
 * Source: litgpt 0.5.13 lora.py `LoRALinear.forward`, `LoRAQKVLinear.forward`, `zero_pad`, `conv1d`.
 */

import { missing } from "../../../problem/missing.js";
import type { Machine } from "../../machine/machine.js";
import { pointwiseConvolution } from "../../machine/ops/convolution.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, cat, mulScalar } from "../../machine/ops/elementwise.js";
import { indexCopyInto } from "../../machine/ops/indexing.js";
import { linear, matmul } from "../../machine/ops/matmul.js";
import { chunkDim, splitFirstDim } from "../../machine/ops/split.js";
import { t, transpose, unsqueeze } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { linear4bit } from "../modules/linear-4bit.js";
import type { FourBit } from "./packed.js";
import type { LitgptUse } from "../../settings/litgpt-use.js";
import { adaptedWidths } from "./weights.js";
import type { Block, LoraLinear } from "./weights.js";

export interface Call {
  readonly m: Machine;
  readonly use: LitgptUse;
  /** Of packed weights. */
  readonly quantization?: FourBit | undefined;
  /** Dropout is on: in training, not in validation. */
  readonly isTraining: boolean;
}

/** (…, in) → (…, out). */
export function callLinear(call: Call, layer: LoraLinear, x: Tensor): Tensor {
  const { m } = call;
  const { lora } = layer;
  return m.frame((frame) => {
    const plain = frame.hold(base(call, layer, x));
    if (lora === undefined) return plain;
    const low = matmul(m, dropped(call, x), t(m, lora.a));
    const update = frame.hold(mulScalar(m, matmul(m, low, t(m, lora.b))));
    return add(m, plain, update);
  });
}

/** (b, s, hidden) → (b, s, queries and keys and values). */
export function callQkv(call: Call, block: Block, x: Tensor): Tensor {
  const { m, use } = call;
  const { weight, lora } = block.qkv;
  return m.frame((frame) => {
    const plain = frame.hold(base(call, block.qkv, x));
    if (lora === undefined) return plain;
    const low = frame.hold(linear(m, dropped(call, x), lora.a));
    const turned = perPart(m, use, [transpose(m, low, -2, -1), unsqueeze(m, lora.b, -1)]);
    const updates = frame.hold(transpose(m, turned, -2, -1));
    const width = weight.size(0);
    const padded = updates.size(-1) === width ? updates : amongZeros(m, { block, updates, width });
    const scaled = frame.hold(mulScalar(m, padded));
    return add(m, plain, scaled);
  });
}

/** The frozen layer itself. */
function base({ m, quantization }: Call, { weight, bias, packed }: LoraLinear, x: Tensor): Tensor {
  return packed === undefined || quantization === undefined
    ? linear(m, x, weight, bias)
    : linear4bit(m, packed, quantization, x);
}

function dropped({ m, use, isTraining }: Call, x: Tensor): Tensor {
  return isTraining ? dropout(m, x, use.lora.dropout) : x;
}

/** `conv1d`: (b, ranks, s) by (columns, rank, 1) → (b, columns, s): in groups where all parts are as wide, else part by part. */
function perPart(m: Machine, use: LitgptUse, [input, weight]: readonly [Tensor, Tensor]): Tensor {
  const widths = adaptedWidths(use);
  if (use.heads === use.groups) return pointwiseConvolution(m, input, weight);
  return m.frame((frame) => {
    for (const each of [input, weight]) frame.hold(each);
    const inputs = chunkDim(m, input, 1, widths.length).map((each) => frame.hold(each));
    const weights = splitFirstDim(m, weight, widths).map((each) => frame.hold(each));
    const parts = inputs.map((each, index) =>
      pointwiseConvolution(m, each, weights[index] ?? missing()),
    );
    return cat(m, parts, 1);
  });
}

interface Padded {
  readonly block: Block;
  readonly updates: Tensor;
  readonly width: number;
}

/** `zero_pad`: the updates copied into zeros, by indices that the layer makes once and copies for every call. */
function amongZeros(m: Machine, { block, updates, width }: Padded): Tensor {
  return m.frame((frame) => {
    const columns = updates.size(-1);
    const zeros = frame.hold(
      m.empty("new_zeros", [...updates.shape.slice(0, -1), width], updates.dtype),
    );
    block.indices ??= m.withKind("buffers", () =>
      m.retain(m.empty("lift_fresh", [columns], "int64")),
    );
    const indices = m.empty("clone", [columns], "int64");
    return indexCopyInto(m, zeros, indices, updates);
  });
}
