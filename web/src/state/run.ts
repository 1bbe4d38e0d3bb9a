/** A scenario with its answer: what the parts of the page show. */

import { isRefusal } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import type { Answer, Counsel } from "./answer.js";

export interface Run {
  readonly scenario: Scenario;
  readonly answer: Answer;
  readonly estimate: Estimate;
}

export interface LessonRun extends Run {
  readonly counsel: Counsel | undefined;
}

/** The estimate of an answer that cannot be a refusal: the worked example has one. */
export function expectEstimate({ result }: Answer): Estimate {
  if (isRefusal(result)) throw new Error(`the default is refused: ${result.error.message}`);
  return result;
}
