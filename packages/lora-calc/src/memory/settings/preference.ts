/** Settings that TRL's preference trainers have and SFT has not. */

import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { Assumption } from "../../model/config.js";
import { oneOfComputed, rejectUncomputed } from "./computed-values.js";

export interface PreferenceSettings {
  /** The reference's log-probabilities are computed before training: no reference runs in a step. */
  readonly precompute_ref_log_probs: boolean;
  /** Tokens of the prompt in every sequence; what follows is the completion. */
  readonly prompt_length: number;
}

/** Fields of DPOConfig that change what is learned, not what is held. Source: trl trainer/dpo_config.py. */
export const IGNORED_PREFERENCE: readonly string[] = [
  ...["beta", "precompute_ref_batch_size", "label_smoothing"],
];

/** Fields of DPOConfig that are computed at these values only. */
export const NEUTRAL_PREFERENCE: Readonly<Record<string, unknown>> = {
  disable_dropout: true,
  f_divergence_type: "reverse_kl",
  ld_alpha: "",
  loss_weights: "",
  sync_ref_model: false,
  use_weighting: false,
};

export const PREFERENCE_NAMES: readonly string[] = [
  ...["precompute_ref_log_probs", "prompt_length", "loss_type"],
  ...IGNORED_PREFERENCE,
  ...Object.keys(NEUTRAL_PREFERENCE),
];

const OTHER_LOSSES: readonly string[] = [
  ...["hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot"],
  ...["aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm"],
];

/** What of the other settings DPO looks at. */
interface Beside {
  readonly max_length: number;
  readonly loop: string;
  readonly use_liger_kernel: boolean;
}

/** Half of a sequence is taken as its prompt, where nobody says: it is listed in `assumed`. */
export function readPreference(
  fields: Fields,
  beside: Beside,
  assumed: Assumption[],
): PreferenceSettings {
  rejectUncomputed(fields, NEUTRAL_PREFERENCE);
  rejectOfSft(fields, beside);
  oneOfComputed(fields, "loss_type", ["sigmoid"], OTHER_LOSSES);
  const { max_length: length } = beside;
  const given = fields.integer("prompt_length", { min: 0, max: length - 1 });
  const half = Math.floor(length / 2);
  if (given === undefined) {
    const reason = "half of max_length; what is logged of the completions depends on it";
    assumed.push({ path: fields.at("prompt_length"), value: half, reason });
  }
  return {
    precompute_ref_log_probs: fields.boolean("precompute_ref_log_probs") ?? false,
    prompt_length: given ?? half,
  };
}

/** What DPO takes no notice of, or refuses. */
function rejectOfSft(fields: Fields, { loop, use_liger_kernel: usesLiger }: Beside): void {
  const wrong = [
    [fields.has("loss"), "loss", "is a loss of SFT; DPO's own is loss_type"],
    [loop !== "trainer", "loop", "is for hand-written loops; DPO is TRL's trainer"],
    [usesLiger, "use_liger_kernel", "has no program here for method dpo"],
  ] as const;
  for (const [isWrong, name, why] of wrong) {
    if (!isWrong) continue;
    const isGiven = fields.has(name);
    reject({
      code: name === "use_liger_kernel" ? "unsupported" : "invalid_value",
      path: isGiven ? fields.at(name) : "stack",
      message: `${fields.at(name)} ${why}; ${isGiven ? "leave it out" : "take a stack of TRL, or none"}`,
      received: fields.get(name) ?? loop,
    });
  }
}
