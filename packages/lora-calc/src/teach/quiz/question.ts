/** What a question is: facts, options of which one is right, and the named mistake behind each wrong number. No words. */

import { createRandom, shuffled } from "../algebra/random.js";
import type { QuestionFacts, QuestionId, StatementKey } from "./question-facts.js";

export const THEMES = ["counting", "scaling", "optimizer", "quantization", "step"] as const;
export type Theme = (typeof THEMES)[number];

/** A number with what it counts; words and rounding are the reader's. */
export interface Amount {
  readonly value: number;
  readonly unit: AmountUnit;
}

export type AmountUnit =
  "parameters" | "bytes" | "factor" | "bits per parameter" | "bytes per parameter";

/** The common error that gives a wrong number. */
export type Mistake =
  | "one-matrix"
  | "whole-matrix"
  | "square-layer"
  | "forgot-shared-heads"
  | "one-module"
  | "one-block"
  | "one-layer"
  | "upside-down"
  | "multiplied"
  | "other-rule"
  | "unchanged"
  | "grows-with-rank"
  | "parameters-only"
  | "one-average"
  | "other-dtype"
  | "mixed-dtypes"
  | "with-gradients"
  | "frozen-too"
  | "no-constants"
  | "single-quantization"
  | "double-quantization"
  | "eight-bit"
  | "sixteen-bit"
  | "gb-for-gib"
  | "float32"
  | "one-byte"
  | "half-precision"
  | "one-sequence"
  | "hidden-for-vocabulary"
  | "off-by-factor";

export type Option =
  | { readonly kind: "amount"; readonly amount: Amount; readonly mistake?: Mistake }
  | { readonly kind: "statement"; readonly key: StatementKey };

/** One question; `Id` ties the facts to the words that use them. */
export interface Question<Id extends QuestionId = QuestionId> {
  readonly id: Id;
  readonly theme: Theme;
  readonly facts: QuestionFacts[Id];
  readonly options: readonly Option[];
  /** Position of the right option. */
  readonly right: number;
}

/** Options of a question and the right one's position. */
export type Choice = Pick<Question, "options" | "right">;

/** A wrong number and how one gets it. */
export type Wrong = readonly [mistake: Mistake, value: number];

const WRONG_OPTIONS = 3;
/** Closer numbers could look equal once rounded. */
const SMALLEST_GAP = 0.02;
/** When the named mistakes all give the same number. */
const OFF_BY = [2, 0.5, 4, 0.25];

/** Options in ascending order: the right number and the first three mistakes that give others. */
export function chooseAmount(unit: AmountUnit, right: number, mistakes: readonly Wrong[]): Choice {
  const chosen: { readonly value: number; readonly mistake?: Mistake }[] = [{ value: right }];
  const spare = OFF_BY.map((factor): Wrong => ["off-by-factor", right * factor]);
  for (const [mistake, value] of [...mistakes, ...spare]) {
    const isApart = chosen.every(
      (option) => Math.abs(option.value - value) > SMALLEST_GAP * Math.max(option.value, value),
    );
    if (chosen.length <= WRONG_OPTIONS && isApart && value > 0) chosen.push({ value, mistake });
  }
  const options = [...chosen]
    .sort((left, other) => left.value - other.value)
    .map(({ value, ...rest }): Option => ({ kind: "amount", amount: { value, unit }, ...rest }));
  return { options, right: options.findIndex((option) => !("mistake" in option)) };
}

/** Options in an order that is the same for every reader: the right statement and the wrong ones. */
export function chooseStatement(
  seed: number,
  right: StatementKey,
  wrong: readonly StatementKey[],
): Choice {
  const keys = shuffled(createRandom(seed), [right, ...wrong]);
  return {
    options: keys.map((key): Option => ({ kind: "statement", key })),
    right: keys.indexOf(right),
  };
}
