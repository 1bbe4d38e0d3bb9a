/**
 * Coefficients that a layer bounds in place while it trains: integers, in which 4 or 8 bits are stored, cannot be.
 *
 * Source: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nTextAltUp.predict` (`weight.data.clamp_`), `correct`.
 */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { quantizedModules } from "./quantization.js";
import type { Quantization } from "./quantization.js";

/** A sentence where the step stops there, or undefined. */
export function whyCoefficientsStop(
  graph: ModuleGraph,
  quantization: Quantization | undefined,
): string | undefined {
  if (quantization === undefined) return undefined;
  const sites = sitesOf(graph);
  const layer = sites.find(({ node }) => node.forward?.kind === "alternating_layer")?.node.forward;
  if (layer?.kind !== "alternating_layer") return undefined;
  const { module, prediction, correction } = layer.updates;
  const isPacked = quantizedModules(graph, quantization);
  const names = [prediction, correction];
  const packed = names.find((name) =>
    sites.some(({ node, path }) => path.endsWith(`.${module}.${name}`) && isPacked(node, path)),
  );
  if (packed === undefined) return undefined;
  const skips = [...new Set([...(quantization.skips ?? ["lm_head"]), ...names])];
  return `transformers stops at ${module}.${packed}, whose weight it bounds (RuntimeError: result type Float can't be cast to the desired output type ${quantization.kind === "4bit" ? "unsigned" : "signed"} char); leave ${names.join(" and ")} unpacked: quantization.llm_int8_skip_modules: ${JSON.stringify(skips)}`;
}
