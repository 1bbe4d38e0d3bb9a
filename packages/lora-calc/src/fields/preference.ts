/** Fields that DPOConfig has and SFTConfig has not. Source: trl trainer/dpo_config.py. */

import { boolean, choice, ignored, integer, only, ownedBy } from "./row.js";

export const PREFERENCE_FIELDS = {
  ...ownedBy("TRL", {
    precompute_ref_log_probs: boolean("dpo: the reference runs before training", {
      default: false,
      flag: ["--precompute-ref-log-probs"],
    }),
  }),
  ...ownedBy("lora-calc", {
    prompt_length: integer("dpo: tokens of the prompt in every sequence; half where absent", {
      ...{ min: 0, unit: "tokens" as const, flag: ["--prompt-length"], argument: "tokens" },
    }),
  }),
};

/** TRL's `loss_type` names a loss of SFT for method sft, and DPO's own for dpo. */
export const LOSS_TYPE = ownedBy("TRL", {
  loss_type: choice(
    ["sigmoid", "hf", "nll", "chunked_nll", "liger", "cce"],
    "loss of the trainer: of dpo sigmoid, of sft what loss says",
    {
      beyond: [
        ...["hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot"],
        ...["aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm"],
      ],
    },
  ),
});

export const IGNORED_PREFERENCE_FIELDS = ownedBy(
  "TRL",
  ignored({
    beta: "how far the policy may leave its reference",
    precompute_ref_batch_size: "batch of the reference that runs before training",
    label_smoothing: "share of preferences taken as mistaken",
  }),
);

/** Computed at these values only. */
export const ONLY_PREFERENCE_FIELDS = ownedBy(
  "TRL",
  only({
    disable_dropout: [true, "no dropout in policy and reference"],
    f_divergence_type: ["reverse_kl", "distance from the reference"],
    ld_alpha: ["", "weight of the tokens that only the longer completion has"],
    loss_weights: ["", "weights of several losses"],
    sync_ref_model: [false, "the reference follows the policy"],
    use_weighting: [false, "weight the loss by the policy's probabilities"],
  }),
);
