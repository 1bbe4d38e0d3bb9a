/** The releases of summer 2026. A source in a comment that names no release was read in these. */

import type { World } from "./world.js";

export const TRANSFORMERS_5_18: World = {
  id: "transformers-5.18",
  releases: {
    peft: ["0.21.0"],
    transformers: ["5.18.0"],
    torch: ["2.13.0", "2.14.1", "2.12.1", "2.11.0"],
    cuda: ["13.0", "13.2", "12.6"],
    bitsandbytes: ["0.48.2", "0.50.2"],
  },
  trl: "1.13.0",
  rules: {
    fusesExperts: true,
    tiesAsStored: true,
    packsLinearSubclasses: false,
    adaptsTiedHeads: true,
    multipliesAngles: false,
    keepsCausalTables: false,
    scalesInEmbedding: true,
    clonesFrequencies: true,
    addsPastTokens: true,
    takesForPacked: false,
    looksLateForPacked: false,
    vmapsMasks: false,
    leavesCapToSdpa: true,
    fusesHead: false,
    keepsRoutersFp32: false,
    copiesBias: false,
    slopesApart: false,
    scriptsDistances: true,
    groupsGatedNorm: false,
    wrapsSeq2Seq: false,
    sparesBiasedHead: false,
    repeatsInDeltaRule: false,
    looksSinesUpOnce: false,
    asksTextForImages: false,
    checksOwnTokens: false,
  },
  verified: { modelTypes: "all", onlyTied: [], memory: "all" },
  source:
    "transformers 5.18.0 integrations/moe.py, modeling_utils.py `tie_weights`, integrations/bitsandbytes.py; docs/coverage.md",
};
