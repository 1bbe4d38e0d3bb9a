/** The words of a question with its own numbers in them. */

import type { Question, QuestionId } from "lora-calc/teach";
import { QUIZ } from "../../words/quiz-en.js";

/** What the words need of a question: facts that belong to its id. */
type Asked<Id extends QuestionId> = Pick<Question<Id>, "id" | "facts">;

export function askText<Id extends QuestionId>({ id, facts }: Asked<Id>): string {
  return QUIZ.wordsOf(id).ask(facts);
}

export function explainText<Id extends QuestionId>({ id, facts }: Asked<Id>): string {
  return QUIZ.wordsOf(id).explain(facts);
}
