/**
 * Weights that a layer reads itself, past the module that would unpack them: integers, in which 4 or 8 bits are stored, stop
 * it there.
 *
 * Sources: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nTextAltUp.predict` (`weight.data.clamp_`), `correct`;
 * models/mamba/modeling_mamba.py `MambaMixer.forward` (`self.dt_proj.weight @ time_step`).
 */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { quantizedModules } from "./quantization.js";
import type { Quantization } from "./quantization.js";

/** A sentence where the step stops there, or undefined. */
export function whyPackedWeightsStop(
  graph: ModuleGraph,
  quantization: Quantization | undefined,
): string | undefined {
  if (quantization === undefined) return undefined;
  const sites = sitesOf(graph);
  const read = sites.map(readByItself).find((each) => each !== undefined);
  if (read === undefined) return undefined;
  const isPacked = quantizedModules(graph, quantization);
  const { owner, names } = read;
  const packed = names.find((name) =>
    sites.some(({ node, path }) => path.endsWith(`.${owner}.${name}`) && isPacked(node, path)),
  );
  if (packed === undefined) return undefined;
  const skips = [...new Set([...(quantization.skips ?? ["lm_head"]), ...names])];
  return `transformers stops at ${owner}.${packed}, ${WHAT[read.what](quantization)}; leave ${names.join(" and ")} unpacked: quantization.llm_int8_skip_modules: ${JSON.stringify(skips)}`;
}

interface Read {
  readonly what: "bounded" | "multiplied";
  /** Last name of the module that reads them. */
  readonly owner: string;
  readonly names: readonly string[];
}

function readByItself({ node: { name, forward } }: Site): Read | undefined {
  if (forward?.kind === "mamba") return { what: "multiplied", owner: name, names: [forward.step] };
  if (forward?.kind !== "alternating_layer") return undefined;
  const { module, prediction, correction } = forward.updates;
  return { what: "bounded", owner: module, names: [prediction, correction] };
}

const WHAT: Readonly<Record<Read["what"], (quantization: Quantization) => string>> = {
  bounded: ({ kind }) =>
    `whose weight it bounds (RuntimeError: result type Float can't be cast to the desired output type ${kind === "4bit" ? "unsigned" : "signed"} char)`,
  multiplied: ({ kind }) =>
    `whose weight it multiplies as it lies, in ${kind === "4bit" ? "4" : "8"} bits (RuntimeError)`,
};
