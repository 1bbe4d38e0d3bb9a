/** Which kernels layers with a state run. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";

/** Libraries that transformers takes over its own operators where they are installed, by the kind of layer. */
const LIBRARIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["gated_delta_net", ["flash-linear-attention", "causal-conv1d"]],
  ["short_convolution", ["causal-conv1d"]],
  ["mamba", ["mamba_ssm", "causal-conv1d"]],
  ["mamba2", ["mamba_ssm", "causal-conv1d"]],
]);

/** Source: transformers 5.18 models/qwen3_5/modeling_qwen3_5.py `use_kernel_func_from_hub_with_fallback`. */
export function stateKernelWarnings(graph: ModuleGraph): readonly Warning[] {
  const kinds = sitesOf(graph).map(({ node }) => node.forward?.kind ?? "");
  const libraries = [...new Set(kinds.flatMap((kind) => LIBRARIES.get(kind) ?? []))];
  if (libraries.length === 0) return [];
  return [
    {
      code: "state_kernels",
      message: `layers with a state run as PyTorch's operators, as where ${libraries.join(" and ")} ${libraries.length === 1 ? "is" : "are"} not installed; with the kernels of such a library a layer keeps other tensors, which is not computed`,
    },
  ];
}
