/** What transformers takes and gives back before it loads, so that the allocator has it in one piece. */

import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import { storedWeight } from "../settings/quantization.js";
import type { Quantization } from "../settings/quantization.js";
import type { keptDtype } from "./kept-dtype.js";

interface Storage {
  readonly quantization: Quantization | undefined;
  readonly dtypeOf: ReturnType<typeof keptDtype>;
  readonly isQuantized: (node: ModuleNode, path: string) => boolean;
}

/** Bytes of all parameters as they are stored, of packed ones without what belongs to them. Source: transformers `caching_allocator_warmup`. */
export function warmUpBytes(
  graph: ModuleGraph,
  { quantization, dtypeOf, isQuantized }: Storage,
): number {
  let bytes = 0;
  for (const { node, path, count } of sitesOf(graph)) {
    for (const parameter of node.parameters) {
      if (parameter.tiedTo !== undefined) continue;
      const packed =
        parameter.name === "weight" && quantization && isQuantized(node, path)
          ? storedWeight(node, quantization)[0]
          : undefined;
      const { shape, dtype } = packed ?? { ...parameter, dtype: dtypeOf(path, parameter) };
      bytes += count * bytesOf(elementCount(shape), dtype);
    }
  }
  return bytes;
}
