/** The quiz on a run: the same questions for everybody, with the numbers of the reader's own configuration. */

import type { Lesson } from "../facts/lesson.js";
import { allLinear, layerParameters, narrowModule, rankDoubled } from "./counting.js";
import {
  adamBfloat16,
  adamFloat32,
  frozenNeeds,
  memoryStays,
  optimizerOfRun,
} from "./optimizer.js";
import {
  baseInGib,
  bitsPerParameter,
  fourBitLayer,
  notQuantized,
  whyQlora,
} from "./quantization.js";
import type { Question } from "./question.js";
import type { QuestionId } from "./question-facts.js";
import { alphaOverRank, merged, rankRaised, scalingValue, zeroStart } from "./scaling-questions.js";
import { checkpointing, chunkedLoss, lengthDoubled, logitsSize } from "./step.js";

/** A question of any kind, its facts still tied to its id. */
export type AnyQuestion = { [Id in QuestionId]: Question<Id> }[QuestionId];

/** Questions theme after theme; those that a model gives no numbers for are left out. */
export function quizOf(lesson: Lesson): readonly AnyQuestion[] {
  return [
    layerParameters(lesson),
    rankDoubled(lesson),
    ...narrowModule(lesson),
    ...allLinear(lesson),

    alphaOverRank(),
    scalingValue(lesson),
    rankRaised(lesson),
    zeroStart(),
    merged(),

    frozenNeeds(),
    adamFloat32(),
    adamBfloat16(),
    ...optimizerOfRun(lesson),
    memoryStays(lesson),

    whyQlora(),
    fourBitLayer(lesson),
    bitsPerParameter(lesson),
    notQuantized(),
    baseInGib(lesson),

    ...logitsSize(lesson),
    chunkedLoss(),
    checkpointing(),
    lengthDoubled(),
  ];
}
