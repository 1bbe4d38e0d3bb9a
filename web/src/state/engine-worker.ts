/** Computes beside the page, so that a control being dragged never waits. */

import type { Scenario } from "lora-calc";
import { answerTo, counselOn } from "./answer.js";

/** `answer` is asked at every change, `counsel` when the reader rests. */
export type Question = "answer" | "counsel";

export interface Message {
  readonly question: Question;
  readonly scenario: Scenario;
}

addEventListener("message", ({ data: { question, scenario } }: MessageEvent<Message>) => {
  postMessage(question === "answer" ? answerTo(scenario) : counselOn(scenario));
});
