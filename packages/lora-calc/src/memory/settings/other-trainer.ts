/** What a stack's trainer does not train. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Warning } from "../../problem/codes.js";
import { listGeneralTrainers } from "../../stacks/stacks.js";
import type { StackProfile } from "../../stacks/stacks.js";
import { hasOwnLoss } from "./model-defaults.js";

/**
 * Encoders, encoder-decoders and classifiers compute their loss themselves, which transformers' Trainer takes and TRL's
 * trainers, made for language models, do not. Source: trl 1.13.0 trainer/sft_trainer.py `compute_loss`, which measures the
 * next token; trainer/utils.py `create_model_from_path`, which takes what the configuration names.
 */
export function otherTrainerWarnings(
  { root, className }: ModuleGraph,
  stack: StackProfile | undefined,
): readonly Warning[] {
  if (!hasOwnLoss(root) || (stack !== undefined && stack.trainsTokensOnly !== true)) return [];
  const trainers = listGeneralTrainers().map(({ id }) => id);
  const whose =
    stack === undefined ? "this calculator's defaults" : `the settings of ${stack.name}`;
  const why = stack === undefined ? "" : `, not by ${stack.name}`;
  return [
    {
      code: "other_trainer",
      message: `${className} is trained by transformers' Trainer${why}: the step is that trainer's, under ${whose} (precision, checkpointing, batch); for its own defaults set stack to ${trainers.join(" or ")}`,
    },
  ];
}
