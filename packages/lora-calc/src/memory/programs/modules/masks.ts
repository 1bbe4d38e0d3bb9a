/**
 * Attention masks that have to exist as tensors. A causal mask without padding is left to the kernel.
 *
 * Source: transformers masking_utils.py (`sdpa_mask`, `eager_mask`, `_ignore_causal_mask_sdpa`).
 */

import type { DecoderForward } from "../../../graph/tree/forward.js";
import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { expand } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf } from "../../load/bound-module.js";
import { maskByHand } from "./mask-by-hand.js";
import type { BoundModule, Kernels } from "../../load/bound-module.js";
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
  if (forward.masksByHand === "in_full") {
    return masks.set("full_attention", frame.hold(maskByHand(m, inputs.batch, inputs.dtype)));
  }
  for (const [kind, reach] of reachPerKind(module, forward)) {
    const isOpened = forward.seesBothWays === true;
    const isNeeded = forward.alwaysMasks === true || isOpened;
    const mask = buildMask(m, module.kernels, inputs, { ...reach, isNeeded, isOpened });
    if (mask !== undefined) masks.set(kind, frame.hold(mask));
  }
  return masks;
}

/** How far a token sees: to all before it, through a window, or to the start of its chunk. */
interface Reach {
  readonly window?: number | undefined;
  readonly chunk?: number;
}

/** Kinds of layers for which a mask is asked, with their reach: full attention first. */
function reachPerKind(module: BoundModule, forward: DecoderForward): ReadonlyMap<string, Reach> {
  const windows = childOf(module, forward.layers).elements.map((layer) => {
    const { forward: kind } = layer.node;
    if (kind?.kind !== "decoder_layer" && kind?.kind !== "alternating_layer") return undefined;
    const attention = childOf(layer, kind.attention).node.forward;
    return attention?.kind === "attention" || attention?.kind === "sharing_attention"
      ? attention.slidingWindow
      : undefined;
  });
  const { layerTypes, unusedWindow, chunk } = forward;
  const isMixed = layerTypes !== undefined;
  const kinds = new Map<string, Reach>([
    ["full_attention", { window: isMixed ? undefined : windows[0] }],
  ]);
  const sliding = isMixed ? windows.find((window) => window !== undefined) : unusedWindow;
  if (sliding !== undefined) kinds.set("sliding_attention", { window: sliding });
  if (chunk !== undefined) kinds.set("chunked_attention", { chunk });
  return kinds;
}

interface MaskNeed extends Reach {
  readonly isNeeded: boolean;
  readonly isOpened?: boolean;
  /** Whether all of the given mask is ones is read before it is left out. */
  readonly isRead?: boolean;
}

/** The causal mask of a batch; undefined where the kernel needs none. */
export function buildMask(
  m: Machine,
  { masks }: Kernels,
  { batch, options, dtype }: MaskInputs,
  { window, chunk, isNeeded: isAsked, isOpened = false, isRead: mustRead = false }: MaskNeed,
): Tensor | undefined {
  const [rows = 1, length = 1] = batch.inputIds.shape;
  const padding = batch.attentionMask;
  const mayBePacked = padding === undefined && masks.takesForPacked;
  return m.frame<readonly Tensor[]>((frame) => {
    const valid =
      padding === undefined
        ? undefined
        : frame.hold(pointwise(m, "_to_copy", [m.alias(padding)], "bool"));
    if (mayBePacked) frame.hold(sequenceIndices(m, rows, length));
    if (chunk !== undefined) frame.hold(leftPadding(m, padding, rows));
    const isLocal = length >= (window ?? chunk ?? Infinity);
    const isNeeded = isAsked || batch.isPadded || isLocal || mayBePacked;
    if (mustRead || (batch.isRead === true && !isNeeded)) {
      frame.hold(m.empty("sum", [], "int64"));
      frame.hold(m.empty("eq", [], "bool"));
    }
    if (options.attention === "flash" || (options.attention === "sdpa" && !isNeeded)) return [];
    const beside = valid === undefined ? undefined : "padding";
    const mask = expand(
      m,
      masks.table(m, {
        rows,
        length,
        window,
        ...(chunk === undefined ? {} : { chunk }),
        isOpened,
        beside: mayBePacked ? "packing" : beside,
      }),
      [rows, 1, length, length],
    );
    return [options.attention === "eager" ? additive(m, mask, dtype) : mask];
  })[0];
}

/** The mask of an encoder under sdpa, where there is padding or a window; of as many queries as another sequence has tokens. Source: transformers masking_utils.py `create_bidirectional_mask`. */
export function buildEncoderMask(
  m: Machine,
  { masks }: Kernels,
  { inputIds, attentionMask, isPadded }: Batch,
  { queries, window }: { readonly queries?: number; readonly window?: number } = {},
): Tensor | undefined {
  const [rows = 1, length = 1] = inputIds.shape;
  const isLocal = window !== undefined && length >= window;
  if (attentionMask === undefined && !isLocal) return undefined;
  return m.frame<readonly Tensor[]>((frame) => {
    if (attentionMask !== undefined) {
      frame.hold(pointwise(m, "_to_copy", [m.alias(attentionMask)], "bool"));
    }
    if (!isPadded && !isLocal) {
      // It is given, and read: all are ones.
      frame.hold(m.empty("all", [], "bool"));
      return [];
    }
    const beside = attentionMask === undefined ? undefined : ("padding" as const);
    const pattern = { rows, length, window, beside };
    const asked = queries === undefined ? {} : { queries };
    const table = masks.table(m, { ...pattern, ...asked, isBidirectional: true });
    return [expand(m, table, [rows, 1, queries ?? length, length])];
  })[0];
}

interface EagerMaskInputs {
  /** Which tokens are no padding, where that is said. */
  readonly attended: Tensor | undefined;
  readonly sizes: readonly [rows: number, length: number];
}

/** The mask of a class without a fused kernel: causal and without padding, added to the scores. */
export function buildEagerMask(
  m: Machine,
  { masks }: Kernels,
  { attended, sizes: [rows, length] }: EagerMaskInputs,
  dtype: Dtype,
): Tensor {
  return m.frame((frame) => {
    if (attended !== undefined) {
      frame.hold(pointwise(m, "_to_copy", [m.alias(attended)], "bool"));
    }
    const beside = attended === undefined ? undefined : ("padding" as const);
    const table = masks.table(m, { rows, length, window: undefined, beside });
    return additive(m, expand(m, table, [rows, 1, length, length]), dtype);
  });
}

/** Tokens of padding before each sequence, from which its chunks are counted: (b,). */
function leftPadding(m: Machine, padding: Tensor | undefined, rows: number): Tensor {
  if (padding === undefined) return m.empty("zeros", [rows], "int64");
  const counted = m.empty("cumsum", padding.shape, "int64");
  const zeros = m.empty("zeros_like", padding.shape, "bool");
  const isBefore = pointwise(m, "eq", [counted, zeros], "bool");
  const count = m.empty("sum", [rows], "int64");
  m.consume(isBefore);
  return count;
}

/** Of which packed sequence every token is: (b, s). Source: transformers 4.57 `find_packed_sequence_indices`. */
function sequenceIndices(m: Machine, rows: number, length: number): Tensor {
  return m.frame((frame) => {
    const before = frame.hold(m.empty("sub", [rows, 1], "int64"));
    const joined = m.empty("cat", [rows, length + 1], "int64");
    const steps = frame.hold(m.empty("sub", [rows, length], "int64"));
    m.consume(joined);
    const isStart = m.empty("ne", [rows, length], "bool");
    const indices = m.empty("cumsum", [rows, length], "int64");
    m.consume(isStart);
    frame.drop(before);
    frame.drop(steps);
    return indices;
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
