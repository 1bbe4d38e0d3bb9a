/** Settings of a step that contradict each other, or ask for more than is computed. */

import { MAX_TOKENS } from "../../fields/training.js";
import type { StepValues } from "../../fields/step.js";
import { MAX_LENGTHS } from "./lengths.js";
import type { Lengths } from "./lengths.js";
import { reject } from "../../problem/problem.js";

/** What is looked at of the settings of a step. */
interface Checked extends Omit<StepValues, "loss"> {
  readonly loss: StepValues["loss"] | "dpo";
  readonly emptiesCacheEvery?: number;
  readonly lengths?: Lengths;
}

export function rejectContradictions(settings: Checked): void {
  rejectTooManyTokens(settings);
  rejectTwoPrecisions(settings);
  rejectUnselectable(settings);
  rejectNoNextToken(settings);
  rejectNoTrainer(settings);
  rejectUnvaried(settings);
}

/** Where the length of a batch is another thing than tokens of its rows, or follows from something else. */
function rejectUnvaried({ lengths, packed_sequences: packed, loss }: Checked): void {
  if (lengths === undefined) return;
  const why =
    packed > 0
      ? "packed batches are all as long; say training.max_length"
      : loss === "dpo"
        ? "batches of pairs of several lengths have no program here; say training.max_length"
        : loss === "litgpt"
          ? "LitGPT makes room for its longest batch before the first; several lengths have no program here, say training.max_length"
          : lengths.isHistogram || lengths.turns.length <= MAX_LENGTHS
            ? undefined
            : `a list of more than ${MAX_LENGTHS} is not run; say how many batches there are of each length, {"512": 40, "2048": 3}`;
  if (why === undefined) return;
  reject({
    code: "unsupported",
    path: "training.lengths",
    message: why,
    received: lengths.turns,
    expected: null,
  });
}

/** Losses that leave out the last token, which has no next one, before they look at the logits. */
const SHIFTED_FIRST: readonly Checked["loss"][] = ["chunked_nll", "liger", "cce", "dpo"];

function rejectNoNextToken({ max_length: length, loss }: Checked): void {
  if (length > 1 || !SHIFTED_FIRST.includes(loss)) return;
  reject({
    code: "invalid_value",
    path: "training.max_length",
    message: `a sequence of one token has no next token to learn, and ${loss} has no row to compute (PyTorch raises RuntimeError: element 0 of tensors does not require grad); take at least 2`,
    received: length,
    expected: "at least 2",
  });
}

/** Source: trl 1.16 sft_trainer.py, models/selective_activation_checkpointing.py. */
function rejectUnselectable(settings: Checked): void {
  if (!settings.selective_checkpointing) return;
  const why = settings.use_reentrant
    ? "it needs non-reentrant checkpointing; set training.use_reentrant to false"
    : settings.gradient_checkpointing
      ? undefined
      : "it needs training.gradient_checkpointing";
  if (why === undefined) return;
  reject({
    code: "invalid_value",
    path: "training.selective_checkpointing",
    message: `selective checkpointing keeps some of what a checkpoint recomputes: ${why} (TRL raises ValueError)`,
    received: true,
    expected: false,
  });
}

/** Source: transformers trainer.py `training_step`. */
function rejectNoTrainer({ loop, emptiesCacheEvery }: Checked): void {
  if (loop === "trainer" || emptiesCacheEvery === undefined) return;
  reject({
    code: "invalid_value",
    path: "training.torch_empty_cache_steps",
    message: `training.torch_empty_cache_steps is read by transformers' Trainer, and the loop is ${loop}; leave it out`,
    received: emptiesCacheEvery,
    expected: null,
  });
}

function rejectTwoPrecisions({ bf16, fp16 }: Checked): void {
  if (!bf16 || !fp16) return;
  reject({
    code: "invalid_value",
    path: "training.fp16",
    message: "training.bf16 and training.fp16 cannot both be true; keep one",
    received: true,
    expected: false,
  });
}

function rejectTooManyTokens(settings: Checked): void {
  const { max_length: length, max_target_length: target } = settings;
  const tokens = settings.per_device_train_batch_size * Math.max(length, target);
  if (tokens <= MAX_TOKENS) return;
  reject({
    code: "limit_exceeded",
    path: "training.max_length",
    message: `per_device_train_batch_size × max_length is ${tokens} tokens; at most ${MAX_TOKENS} are computed`,
    received: tokens,
    expected: `at most ${MAX_TOKENS}`,
  });
}
