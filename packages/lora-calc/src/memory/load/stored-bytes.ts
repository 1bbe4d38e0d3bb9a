/** Bytes of a model's weights as they are stored on the device, before any training. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { rootSite, sitesOf } from "../../graph/tree/sites.js";
import { keptDtype } from "./kept-dtype.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import { quantizedModules, storedWeight } from "../settings/quantization.js";
import type { Quantization } from "../settings/quantization.js";

export interface StoredBytes {
  /** Everything: parameters and quantization constants. */
  readonly bytes: number;
  /** Parameters (logical scalars) that are stored quantized, and their bytes with constants. */
  readonly quantizedParameters: number;
  readonly quantizedBytes: number;
  /** Parameters stored as plain floats. */
  readonly plainParameters: number;
}

/**
 * Weights of the base model in their storage: packed where quantized, `dtype` elsewhere, tied weights once.
 *
 * Unit: bytes. Certainty: exact for plain weights; traced for quantized ones (quantization.ts). Rounding of blocks to
 * 512 bytes is left out: it belongs to the allocator.
 */
export function storedBytes(
  graph: ModuleGraph,
  dtype: Dtype,
  quantization: Quantization | undefined,
): StoredBytes {
  const dtypeOf = keptDtype(graph, dtype);
  const isQuantized =
    quantization === undefined ? () => false : quantizedModules(graph, quantization);
  let quantizedParameters = 0;
  let quantizedBytes = 0;
  let plainParameters = 0;
  let plainBytes = 0;
  for (const { node, path, count } of [rootSite(graph), ...sitesOf(graph)]) {
    for (const parameter of node.parameters) {
      if (parameter.tiedTo !== undefined) continue;
      const elements = elementCount(parameter.shape);
      if (parameter.name === "weight" && quantization && isQuantized(node, path)) {
        quantizedParameters += count * elements;
        for (const stored of storedWeight(node, quantization)) {
          quantizedBytes += count * bytesOf(elementCount(stored.shape), stored.dtype);
        }
      } else {
        plainParameters += count * elements;
        plainBytes += count * bytesOf(elements, dtypeOf(path, parameter));
      }
    }
  }
  return {
    bytes: quantizedBytes + plainBytes,
    quantizedParameters,
    quantizedBytes,
    plainParameters,
  };
}
