/** Which loss of supervised fine-tuning a setting names. */

import type { LossName } from "../../settings/training.js";
import { cceLoss } from "./cce.js";
import { chunkedNllLoss } from "./chunked-nll.js";
import { fusedNllLoss } from "./fused-nll.js";
import { hfLoss } from "./hf.js";
import { ligerLoss } from "./liger.js";
import type { Loss } from "./loss-run.js";
import { nllLoss } from "./nll.js";

/** Losses of other trainers than this one. */
type OtherLoss = "dpo" | "multiple_negatives_ranking" | "unsloth" | "litgpt";

export const LOSSES: Readonly<Record<Exclude<LossName, OtherLoss>, Loss>> = {
  chunked_nll: chunkedNllLoss,
  hf: hfLoss,
  nll: nllLoss,
  fused: fusedNllLoss,
  liger: ligerLoss,
  cce: cceLoss,
};
