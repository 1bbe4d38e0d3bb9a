/**
 * Attention masks that have to exist as tensors. A causal mask without padding is left to the kernel.
 *
 * Source: transformers masking_utils.py (`sdpa_mask`, `eager_mask`, `_ignore_causal_mask_sdpa`, `and_masks`).
 */

import type { DecoderForward } from "../../../graph/tree/forward.js";
import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { addScalar, pointwise } from "../../machine/ops/elementwise.js";
import { expand } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Batch, ForwardOptions } from "./batch.js";

/** Mask per kind of layer; a kind without an entry runs the causal kernel without a mask. */
export type Masks = ReadonlyMap<string, Tensor>;

export interface MaskInputs {
  readonly batch: Batch;
  readonly options: ForwardOptions;
  readonly dtype: Dtype;
}

/** A call of a decoder: its local variables, and the module with what its forward does. */
export interface DecoderCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: DecoderForward;
}

export function buildMasks({ m, frame, module, forward }: DecoderCall, inputs: MaskInputs): Masks {
  const masks = new Map<string, Tensor>();
  for (const [kind, window] of windowPerKind(module, forward)) {
    const mask = buildMask(m, inputs, window);
    if (mask !== undefined) masks.set(kind, frame.hold(mask));
  }
  return masks;
}

/** Kinds of layers for which a mask is asked, with their window: full attention first. */
function windowPerKind(
  module: BoundModule,
  forward: DecoderForward,
): ReadonlyMap<string, number | undefined> {
  const windows = childOf(module, forward.layers).elements.map((layer) => {
    const { forward: kind } = layer.node;
    if (kind?.kind !== "decoder_layer") return undefined;
    const attention = childOf(layer, kind.attention).node.forward;
    return attention?.kind === "attention" ? attention.slidingWindow : undefined;
  });
  const { layerTypes, unusedWindow } = forward;
  const isMixed = layerTypes !== undefined;
  const kinds = new Map([["full_attention", isMixed ? undefined : windows[0]]]);
  const sliding = isMixed ? windows.find((window) => window !== undefined) : unusedWindow;
  if (sliding !== undefined) kinds.set("sliding_attention", sliding);
  return kinds;
}

function buildMask(
  m: Machine,
  { batch, options, dtype }: MaskInputs,
  window: number | undefined,
): Tensor | undefined {
  const [rows = 1, length = 1] = batch.inputIds.shape;
  const padding = batch.attentionMask;
  return m.frame<readonly Tensor[]>((frame) => {
    const valid =
      padding === undefined
        ? undefined
        : frame.hold(pointwise(m, "_to_copy", [m.alias(padding)], "bool"));
    const isLocal = window !== undefined && length >= window;
    if (options.attention === "sdpa" && !batch.isPadded && !isLocal) return [];
    const mask = expand(
      m,
      allowedTable(m, { rows, length, window, isPadded: valid !== undefined }),
      [rows, 1, length, length],
    );
    return [options.attention === "eager" ? additive(m, mask, dtype) : mask];
  })[0];
}

interface Pattern {
  readonly rows: number;
  readonly length: number;
  readonly window: number | undefined;
  readonly isPadded: boolean;
}

/** The pattern evaluated on index ranges of batch, head, query and key. */
function allowedTable(m: Machine, { rows, length, window, isPadded }: Pattern): Tensor {
  return m.frame((frame) => {
    for (const size of [rows, 1]) frame.hold(m.empty("arange", [size], "int64"));
    for (let axis = 0; axis < 2; axis += 1) {
      frame.hold(addScalar(m, m.empty("arange", [length], "int64")));
    }
    return maskFunction(window, isPadded ? rows : undefined)(m, length);
  });
}

/** Boolean table of what may be attended, broadcast to as few elements as the pattern needs. */
type MaskFunction = (m: Machine, length: number) => Tensor;

const causal: MaskFunction = (m, length) => m.empty("le", [1, 1, length, length], "bool");

const insideWindow: MaskFunction = (m, length) => {
  const start = m.empty("sub", [1, 1, length, 1], "int64");
  const table = m.empty("gt", [1, 1, length, length], "bool");
  m.consume(start);
  return table;
};

function maskFunction(window: number | undefined, paddedRows: number | undefined): MaskFunction {
  const base = window === undefined ? causal : allOf([insideWindow, causal]);
  if (paddedRows === undefined) return base;
  return allOf([base, (m, length) => m.empty("index", [paddedRows, 1, 1, length], "bool")]);
}

function allOf(functions: readonly MaskFunction[]): MaskFunction {
  return (m, length) =>
    m.frame((frame) => {
      let result = frame.hold(m.empty("new_ones", [], "bool"));
      for (const part of functions) {
        result = frame.rebind(
          result,
          pointwise(m, "bitwise_and", [result, part(m, length)], "bool"),
        );
      }
      return result;
    });
}

/** `torch.where(mask, 0, min)` in the dtype of the hidden states. */
function additive(m: Machine, mask: Tensor, dtype: Dtype): Tensor {
  return m.frame((frame) => {
    frame.hold(mask);
    frame.hold(m.empty("lift_fresh", [], dtype));
    frame.hold(m.empty("scalar_tensor", [], dtype));
    return m.empty("where", mask.shape, dtype);
  });
}
