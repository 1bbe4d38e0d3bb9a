/** The module that makes cos and sin tables; it has buffers only. */

import type { RotaryForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container } from "../tree/vocabulary.js";

export interface RotaryOptions {
  readonly keepsFp32?: boolean;
  readonly isHalved?: boolean;
  readonly isComplex?: boolean;
  readonly perLayerType?: readonly string[];
  readonly isInterleaved?: boolean;
  readonly grid?: RotaryForward["grid"];
}

/** Two copies of the inverse frequencies, one for every second of `dim` (per attention type where the model has several). */
export function rotaryEmbedding(
  type: string,
  dim: number,
  { keepsFp32, isHalved, isComplex, isInterleaved, perLayerType, grid }: RotaryOptions = {},
): ModuleNode {
  const shape = [Math.ceil(dim / 2)];
  const prefixes = perLayerType === undefined ? [""] : perLayerType.map((layer) => `${layer}_`);
  const forward: RotaryForward = {
    kind: "rotary",
    dim,
    ...(keepsFp32 === undefined ? {} : { keepsFp32 }),
    ...(isHalved === undefined ? {} : { isHalved }),
    ...(isComplex === undefined ? {} : { isComplex }),
    ...(perLayerType === undefined ? {} : { perLayerType }),
    ...(isInterleaved === undefined ? {} : { isInterleaved }),
    ...(grid === undefined ? {} : { grid }),
  };
  return container("rotary_emb", type, {
    forward,
    buffers: prefixes.flatMap((prefix) => [
      buffer(`${prefix}inv_freq`, shape),
      buffer(`${prefix}original_inv_freq`, shape),
    ]),
  });
}

/** A table per kind of attention, each of its own rotated share of a head (laguna, mimo_v2_flash). */
export function sharedRotary(
  type: string,
  headDim: number,
  shares: Readonly<Record<string, number>>,
): ModuleNode {
  return container("rotary_emb", type, {
    buffers: Object.entries(shares).flatMap(([kind, share]) => {
      const shape = [Math.ceil(Math.floor(headDim * share) / 2)];
      return [buffer(`${kind}_inv_freq`, shape), buffer(`${kind}_original_inv_freq`, shape)];
    }),
  });
}
