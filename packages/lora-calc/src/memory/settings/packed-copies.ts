/**
 * A module that is stored in 4 or 8 bits cannot be copied to be trained: its weight is integers.
 *
 * transformers 5 leaves the module of the last parameter unpacked where that is a weight (`score` of a classifier of
 * sequences), not where it is a bias (`score` of a classifier of tokens, `qa_outputs`), of which PEFT then makes the copy.
 *
 * Source: peft utils/other.py `ModulesToSaveWrapper.update` (`requires_grad_(True)`); transformers quantizers/base.py
 * `get_keys_to_not_convert`.
 */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { quantizedModules } from "./quantization.js";
import type { Quantization } from "./quantization.js";

/** Stops as PyTorch does where a trained copy would hold packed weights. */
export function rejectPackedCopies(
  graph: ModuleGraph,
  { copies }: AdapterPlan,
  quantization: Quantization | undefined,
): void {
  if (quantization === undefined || copies.length === 0) return;
  const isPacked = quantizedModules(graph, quantization);
  const packed = sitesOf(graph).filter(({ node, path }) => isPacked(node, path));
  const inside = (path: string, whole: string): boolean =>
    path === whole || path.startsWith(`${whole}.`);
  const copy = copies.find(({ site }) => packed.some(({ path }) => inside(path, site.path)));
  if (copy === undefined) return;
  const { pattern } = copy.site;
  const name = pattern.split(".").at(-1) ?? pattern;
  reject({
    code: "invalid_value",
    path: "adapter.modules_to_save",
    message: `PEFT stops here (RuntimeError: only Tensors of floating point dtype can require gradients): ${pattern} is stored in ${quantization.kind === "4bit" ? "4" : "8"} bits, and a copy of it would be trained; leave it unpacked (quantization.llm_int8_skip_modules: ["${name}"]), or adapt it with LoRA`,
    received: pattern,
    expected: `modules that stay unpacked; with llm_int8_skip_modules: ["${name}"] this one does`,
  });
}
