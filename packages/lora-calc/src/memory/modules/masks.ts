/** Attention masks that have to exist as tensors. */

import type { DecoderForward } from "../../graph/forward.js";
import type { Frame } from "../machine/frame.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";
import type { Batch, ForwardOptions } from "./decoder.js";

/** Mask per kind of layer; a kind without an entry runs the causal kernel without a mask. */
export type Masks = ReadonlyMap<string, Tensor>;

export function buildMasks(
  _m: Machine,
  _frame: Frame,
  _module: BoundModule,
  _forward: DecoderForward,
  _batch: Batch,
  _options: ForwardOptions,
): Masks {
  return new Map();
}
