/** The releases of autumn 2026: what pip installs today. */

import type { World } from "./world.js";

export const TRANSFORMERS_5_24: World = {
  id: "transformers-5.24",
  releases: {
    peft: ["0.21.2"],
    transformers: ["5.24.0"],
    torch: ["2.14.1", "2.13.0", "2.12.1", "2.11.0"],
    cuda: ["13.0", "13.2", "12.6"],
    bitsandbytes: ["0.48.2", "0.50.2"],
  },
  trl: "1.16.0",
  rules: {
    fusesExperts: true,
    tiesAsStored: true,
    packsLinearSubclasses: false,
    adaptsTiedHeads: true,
    multipliesAngles: true,
    keepsCausalTables: false,
    scalesInEmbedding: true,
    clonesFrequencies: true,
    addsPastTokens: true,
    takesForPacked: false,
    looksLateForPacked: true,
    vmapsMasks: false,
    leavesCapToSdpa: false,
    fusesHead: true,
    keepsRoutersFp32: true,
    copiesBias: true,
    slopesApart: true,
    scriptsDistances: false,
    groupsGatedNorm: true,
    wrapsSeq2Seq: true,
    sparesBiasedHead: false,
    repeatsInDeltaRule: true,
    looksSinesUpOnce: true,
    asksTextForImages: true,
    checksOwnTokens: true,
  },
  verified: {
    modelTypes: "all",
    onlyTied: [],
    memory: "all",
  },
  source:
    "trl 1.16.0 trainer/utils.py `add_fused_lm_head`; transformers 5.24.0 models/*/modeling_*.py (rotary embeddings), integrations/moe.py, modeling_utils.py `tie_weights`, integrations/bitsandbytes.py; the trees and counts of conformance/ beside those of 5.18.0",
};
