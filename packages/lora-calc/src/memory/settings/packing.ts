/**
 * `packing` and `padding_free`: whether the rows of a batch become one, with positions that begin again.
 *
 * Source: trl 1.13 and 1.16 trainer/sft_trainer.py `padding_free`, `DataCollatorForLanguageModeling.torch_call`.
 */

import { readField } from "../../fields/read.js";
import type { StepValues } from "../../fields/step.js";
import { MORE_STEP_FIELDS } from "../../fields/training.js";
import type { Assumption } from "../../model/config.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** Sequences that a row of `max_length` tokens is packed of, where nobody says it. */
const PER_ROW = 4;

export interface Packing {
  /** Sequences of one row; 0 where rows stay apart. */
  readonly sequences: number;
  readonly assumed: readonly Assumption[];
}

type Read = Pick<
  StepValues,
  "packed_sequences" | "per_device_train_batch_size" | "attn_implementation" | "padding" | "method"
>;

/** `isGiven`: the number of sequences is the scenario's own. */
export function readPacking(fields: Fields, read: Read, isGiven: boolean): Packing {
  const { packing, padding_free: isFree, packing_strategy: strategy } = MORE_STEP_FIELDS;
  const packs = readField(fields, "packing", packing) ?? false;
  const isWrapped = readField(fields, "packing_strategy", strategy) === "wrapped";
  const joins = readField(fields, "padding_free", isFree) ?? false;
  const rows = read.per_device_train_batch_size;
  if (isGiven || !(joins || (packs && !isWrapped))) {
    if (read.packed_sequences > 0) rejectPacked(fields, read);
    return { sequences: read.packed_sequences, assumed: [] };
  }
  rejectPacked(fields, read);
  const sequences = packs ? PER_ROW * rows : rows;
  const reason = packs
    ? `${PER_ROW} a row of max_length tokens: attention keeps some rows more for each`
    : "one a row";
  const assumed = [{ path: fields.at("packed_sequences"), value: sequences, reason }];
  return { sequences, assumed };
}

/** Fields that make one row of all. */
const JOINING = ["packing", "padding_free"] as const;

/** Without FlashAttention every layer is given a mask of all tokens over all tokens, which has no program here. */
function rejectPacked(fields: Fields, { attn_implementation: attention, padding, method }: Read) {
  const joining = JOINING.find((name) => fields.get(name) === true) ?? "packed_sequences";
  const why =
    attention !== "flash_attention_2"
      ? "packed sequences are told apart by FlashAttention; under sdpa and eager transformers builds a mask of all tokens over all tokens, which has no program here: set training.attn_implementation to flash_attention_2"
      : padding
        ? "a packed batch has no padding; leave training.padding out"
        : method === "dpo"
          ? "DPO under packing has no program here"
          : undefined;
  if (why === undefined) return;
  reject({
    code: "unsupported",
    path: fields.at(joining),
    message: why,
    received: fields.get(joining),
    expected: "training.attn_implementation flash_attention_2",
  });
}
