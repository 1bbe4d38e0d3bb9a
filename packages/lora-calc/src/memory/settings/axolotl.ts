/** What of a run under Axolotl has no program. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { WholeRun } from "./unsloth.js";

/** A sentence that names it, or undefined. */
export function whyNotAxolotl({ graph, plan, training, ranks }: WholeRun): string | undefined {
  const { castsBack, fusesLora } = training;
  if (castsBack !== true) return undefined;
  if (plan === undefined)
    return "full fine-tuning under Axolotl, which keeps norms and embeddings in float32, has no program here; give an adapter";
  if (ranks > 1) return "several cards under Axolotl have no program here; one has";
  if (fusesLora === undefined) return undefined;
  const { modelType, className } = graph;
  if (!fusesLora.includes(modelType)) {
    return `Axolotl's LoRA kernels on ${className} are not compared; those on ${fusesLora.join(", ")} are`;
  }
  const other = firstUnfused(plan);
  return other === undefined
    ? undefined
    : `Axolotl's LoRA kernels with ${other} have no program here; LoRA on the projections has`;
}

function firstUnfused({ peftType, modules }: AdapterPlan): string | undefined {
  if (peftType !== "LORA") return peftType;
  for (const { lora, site, tensors } of modules) {
    if (lora?.useDora === true) return "DoRA";
    if (tensors.some(({ name }) => name.endsWith("bias"))) return "lora_bias";
    if (site.node.layer?.kind === "embedding") return "an adapter on the embedding";
  }
  return undefined;
}
