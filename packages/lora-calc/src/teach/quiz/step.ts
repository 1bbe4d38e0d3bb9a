/** Questions about what a training step holds beside parameters. */

import type { Lesson } from "../facts/lesson.js";
import { bytesOf } from "../../units/dtype.js";
import { chooseAmount, chooseStatement } from "./question.js";
import type { Question } from "./question.js";

/** About the size of one float32 copy of the logits; none for a model without a vocabulary. */
export function logitsSize({ logits }: Lesson): readonly Question<"logits-size">[] {
  if (logits === undefined) return [];
  const { tokens, hidden, vocabulary, length, float32, bfloat16 } = logits;
  return [
    {
      id: "logits-size",
      theme: "step",
      facts: logits,
      ...chooseAmount("bytes", float32, [
        ["half-precision", bfloat16],
        ["hidden-for-vocabulary", bytesOf(tokens * hidden, "float32")],
        ["one-sequence", bytesOf(length * vocabulary, "float32")],
        ["one-byte", bytesOf(tokens * vocabulary, "int8")],
      ]),
    },
  ];
}

export function chunkedLoss(): Question<"chunked-loss"> {
  return {
    id: "chunked-loss",
    theme: "step",
    facts: null,
    ...chooseStatement(21, "chunks-fewer-at-once", [
      "chunks-smaller-vocabulary",
      "chunks-four-bit",
      "chunks-shorter-sequences",
    ]),
  };
}

export function checkpointing(): Question<"checkpointing"> {
  return {
    id: "checkpointing",
    theme: "step",
    facts: null,
    ...chooseStatement(22, "checkpoint-layer-inputs", [
      "checkpoint-nothing",
      "checkpoint-half",
      "checkpoint-weights",
    ]),
  };
}

export function lengthDoubled(): Question<"length-doubled"> {
  return {
    id: "length-doubled",
    theme: "step",
    facts: null,
    ...chooseStatement(23, "length-activations", [
      "length-weights",
      "length-optimizer",
      "length-everything",
    ]),
  };
}
