/** What a stack's trainer does not train. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Warning } from "../../problem/codes.js";
import { listEmbeddingTrainers, listGeneralTrainers } from "../../stacks/stacks.js";
import type { StackProfile } from "../../stacks/profile.js";
import { embedsText, hasOwnLoss } from "./model-defaults.js";

/**
 * Encoders, encoder-decoders and classifiers compute their loss themselves, which transformers' Trainer takes and TRL's
 * trainers, made for language models, do not. Source: trl 1.13.0 trainer/sft_trainer.py `compute_loss`, which measures the
 * next token; trainer/utils.py `create_model_from_path`, which takes what the configuration names.
 */
export function otherTrainerWarnings(
  { root, className }: ModuleGraph,
  stack: StackProfile | undefined,
): readonly Warning[] {
  if (embedsText(root)) return embeddingTrainerWarnings(className, stack);
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

/** A class without a head has no loss, and neither TRL's nor transformers' trainer gives it one. */
function embeddingTrainerWarnings(
  className: string,
  stack: StackProfile | undefined,
): readonly Warning[] {
  if (stack?.trainsPairs === true) return [];
  const trainers = listEmbeddingTrainers().map(({ id }) => id);
  const whose =
    stack === undefined ? "this calculator's defaults" : `the settings of ${stack.name}`;
  return [
    {
      code: "other_trainer",
      message: `${className} has no head, and is trained on pairs of texts by sentence-transformers: the step is that trainer's, two runs of per_device_train_batch_size texts each, under ${whose} (precision, checkpointing, batch); for its own defaults set stack to ${trainers.join(" or ")}`,
    },
  ];
}
