/** Settings that TRL's preference trainers have and SFT has not. */

import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { Assumption } from "../../model/config.js";
import { LOSS_TYPE, ONLY_PREFERENCE_FIELDS, PREFERENCE_FIELDS } from "../../fields/preference.js";
import { oneOfComputed, readField, rejectUncomputed } from "../../fields/read.js";

export interface PreferenceSettings {
  /** The reference's log-probabilities are computed before training: no reference runs in a step. */
  readonly precompute_ref_log_probs: boolean;
  /** Tokens of the prompt in every sequence; what follows is the completion. */
  readonly prompt_length: number;
}

/** What of the other settings DPO looks at. */
interface Beside {
  readonly max_length: number;
  readonly loop: string;
  readonly use_liger_kernel: boolean;
}

export interface ReadPreference {
  readonly settings: PreferenceSettings;
  readonly assumed: readonly Assumption[];
}

/** Half of a sequence is taken as its prompt, where nobody says: it is listed in `assumed`. */
export function readPreference(fields: Fields, beside: Beside): ReadPreference {
  rejectUncomputed(fields, ONLY_PREFERENCE_FIELDS);
  rejectOfSft(fields, beside);
  oneOfComputed(fields, "loss_type", ["sigmoid"], LOSS_TYPE.loss_type.type.beyond ?? []);
  const { max_length: length } = beside;
  const given = fields.integer("prompt_length", { min: 0, max: length - 1 });
  const half = Math.floor(length / 2);
  const reason = "half of max_length; what is logged of the completions depends on it";
  const precomputed = readField(
    fields,
    "precompute_ref_log_probs",
    PREFERENCE_FIELDS.precompute_ref_log_probs,
  );
  return {
    settings: {
      precompute_ref_log_probs: precomputed ?? false,
      prompt_length: given ?? half,
    },
    assumed: given === undefined ? [{ path: fields.at("prompt_length"), value: half, reason }] : [],
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
