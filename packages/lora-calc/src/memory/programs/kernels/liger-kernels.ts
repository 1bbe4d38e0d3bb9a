/** Liger's kernels on a model that a Trainer patches with them (`use_liger_kernel`); what they leave alone stays. */

import type { LigerPatch } from "../../../catalogue/liger.js";
import type { Kernels } from "../../load/bound-module.js";
import type { LigerSwitches } from "../../settings/liger.js";
import { ligerGatedMlp } from "./liger/gated-mlp.js";
import { ligerRmsNorm } from "./liger/rms-norm.js";
import { ligerRotary } from "./liger/rotary.js";

export function ligerKernels(
  own: Kernels,
  { norms, normsOutOfPlace, hasRotary, gatedMlp }: LigerPatch,
  on: LigerSwitches,
  multiprocessors: number,
): Kernels {
  return {
    ...own,
    ...(on.rms_norm
      ? {
          rmsNorm: (m, module, hidden) => {
            const { name } = module.node;
            if (!norms.includes(name)) return own.rmsNorm(m, module, hidden);
            const isInPlace = !normsOutOfPlace.includes(name);
            return ligerRmsNorm(m, module, hidden, { isInPlace, multiprocessors });
          },
        }
      : {}),
    ...(on.rope && hasRotary
      ? { rotary: (m, _, states, tables) => ligerRotary(m, states, tables) }
      : {}),
    ...(on[gatedMlp] ? { gatedMlp: ligerGatedMlp } : {}),
  };
}
