/** Computes beside the page, so that a control being dragged never waits. */

import {
  auditAdapter,
  estimate,
  explainPrint,
  fitsAlong,
  isRefusal,
  onCards,
  scoreMeasured,
  writeTrainerFile,
} from "lora-calc";
import type {
  AdapterFiles,
  AuditResult,
  FitCell,
  MeasuredPeaks,
  OnCard,
  PrintResult,
  Refusal,
  Scenario,
  ScoredTier,
  TrainerExport,
  TrainerFileFormat,
} from "lora-calc";
import { answerTo, counselOn } from "./answer.js";
import type { Answer, Counsel } from "./answer.js";

/** A line or number that another tool printed for a run. */
interface SeenPrint {
  readonly scenario: Scenario;
  readonly text: string;
}

/** One row of the map. */
interface MapRow {
  readonly scenario: Scenario;
  readonly batch: number;
  readonly lengths: readonly number[];
}

/** A run that somebody measured. */
interface Measured {
  readonly id: string;
  readonly scenario: Scenario;
  readonly measured: MeasuredPeaks;
}

/** A run, and the trainer whose file it is to be. */
interface ToWrite {
  readonly scenario: Scenario;
  readonly format: TrainerFileFormat;
}

/** What may be asked, and what is answered. `answer` is asked at every change, `counsel` when the reader rests. */
export interface Questions {
  readonly answer: { readonly asked: Scenario; readonly reply: Answer };
  readonly counsel: { readonly asked: Scenario; readonly reply: Counsel | undefined };
  readonly map: { readonly asked: MapRow; readonly reply: readonly (FitCell | undefined)[] };
  readonly measured: { readonly asked: Measured; readonly reply: readonly ScoredTier[] };
  readonly cards: { readonly asked: Scenario; readonly reply: readonly OnCard[] };
  readonly print: { readonly asked: SeenPrint; readonly reply: PrintResult };
  readonly file: { readonly asked: ToWrite; readonly reply: TrainerExport | Refusal };
  readonly audit: { readonly asked: AdapterFiles; readonly reply: AuditResult };
}

export type Question = keyof Questions;

/** A question with what is asked. */
export type Message = {
  readonly [Q in Question]: { readonly question: Q; readonly asked: Questions[Q]["asked"] };
}[Question];

function replyTo(message: Message): Questions[Question]["reply"] {
  switch (message.question) {
    case "answer":
      return answerTo(message.asked);
    case "counsel":
      return counselOn(message.asked);
    case "map":
      return fitsAlong(message.asked.scenario, message.asked.batch, message.asked.lengths);
    case "measured": {
      const result = estimate(message.asked.scenario, { expandable: false });
      return isRefusal(result) ? [] : scoreMeasured(result, message.asked.measured);
    }
    case "cards":
      return onCards(message.asked);
    case "print":
      return explainPrint(message.asked.scenario, message.asked.text);
    case "file":
      return writeTrainerFile(message.asked.scenario, message.asked.format);
    case "audit":
      return auditAdapter(message.asked);
  }
}

addEventListener("message", ({ data }: MessageEvent<Message>) => {
  postMessage(replyTo(data));
});
