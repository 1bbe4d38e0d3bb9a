/** Axolotl's LoRA kernels on a model whose projections have adapters; what they leave alone stays PEFT's. */

import { childOf } from "../../load/bound-module.js";
import type { BoundModule, Kernels } from "../../load/bound-module.js";
import { fusedMlp, projectAlone, projectTogether } from "./axolotl/projections.js";

/** Source: axolotl 0.19 monkeypatch/lora_kernels.py `apply_lora_kernel_patches`. */
export function axolotlKernels(own: Kernels): Kernels {
  return {
    ...own,
    projectTogether: (m, modules, x) =>
      modules.every(isAdapted) ? projectTogether(m, modules, x) : undefined,
    projectAlone: (m, module, x) => (isAdapted(module) ? projectAlone(m, module, x) : undefined),
    gatedMlp: (m, call, x) => {
      const { module, forward } = call;
      if (forward.kind !== "gated_mlp") return own.gatedMlp(m, call, x);
      const [gate, up, down] = [forward.gate, forward.up, forward.down].map((name) =>
        childOf(module, name),
      ) as [BoundModule, BoundModule, BoundModule];
      return [gate, up, down].every(isAdapted)
        ? fusedMlp(m, { gate, up, down }, x)
        : own.gatedMlp(m, call, x);
    },
  };
}

function isAdapted({ lora }: BoundModule): boolean {
  return lora !== undefined;
}
