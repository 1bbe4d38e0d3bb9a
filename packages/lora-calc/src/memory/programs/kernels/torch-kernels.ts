/** How transformers, PEFT and PyTorch themselves compute a model. */

import { hasGroupedProduct } from "../../../catalogue/cuda.js";
import type { AttentionCard } from "../../../catalogue/cuda.js";
import type { Kernels } from "../../load/bound-module.js";
import type { WorldRules } from "../../../worlds/world.js";
import { groupedMm, productPerExpert } from "../../machine/ops/routing.js";
import { attend } from "./torch/attention.js";
import { gatedMlp } from "./torch/gated-mlp.js";
import { chunkGatedDeltaRule } from "./torch/gated-delta-rule.js";
import { runLora } from "./torch/lora-linear.js";
import { mambaScan } from "./torch/mamba-scan.js";
import { mamba2ChunkScan } from "./torch/mamba2-scan.js";
import { tableByBroadcast, tableByVmap } from "./torch/mask-table.js";
import { range, rangeAndPast } from "./torch/position-ids.js";
import { rmsNorm } from "./torch/rms-norm.js";
import { applyRotary, turnBothUnmoved, turnComplexUnmoved, turnUnmoved } from "./torch/rotary.js";
import { anglesByMatmul, anglesByProduct } from "./torch/rotary-angles.js";

export function torchKernels(
  rules: WorldRules,
  fuses4bit: Kernels["fuses4bit"],
  card: AttentionCard,
): Kernels {
  return {
    rmsNorm,
    masks: {
      takesForPacked: rules.takesForPacked,
      table: rules.vmapsMasks ? tableByVmap : tableByBroadcast,
    },
    slopesApart: rules.slopesApart,
    scriptsDistances: rules.scriptsDistances,
    positionIds: rules.addsPastTokens ? rangeAndPast : range,
    rotaryAngles: rules.multipliesAngles ? anglesByProduct : anglesByMatmul,
    rotary: applyRotary,
    rotaryUnmoved: turnUnmoved,
    rotaryUnmovedBoth: turnBothUnmoved,
    rotaryUnmovedComplex: turnComplexUnmoved,
    gatedMlp,
    adaptedLinear: runLora,
    fuses4bit,
    expertProduct: hasGroupedProduct(card) ? groupedMm : productPerExpert,
    gatedDeltaRule: { repeatsHeads: rules.repeatsInDeltaRule, run: chunkGatedDeltaRule },
    mambaScan,
    mamba2: { groupsNorm: rules.groupsGatedNorm, scan: mamba2ChunkScan },
    attention: (m, forward, states, context) =>
      attend(m, forward, states, {
        ...context,
        copiesBias: rules.copiesBias && states.bias !== undefined,
        looksLate: rules.looksLateForPacked,
      }),
  };
}
