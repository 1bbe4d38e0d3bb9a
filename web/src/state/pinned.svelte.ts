/** The run that stands beside the reader's: kept as it was when it was pinned, with an answer of its own. */

import { isRefusal } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import type { Answer } from "./answer.js";
import { createEngine } from "./engine.js";
import type { Engine } from "./engine.js";

interface PinnedAnswer {
  readonly answer: Answer;
  readonly estimate: Estimate;
}

export class PinnedRun {
  scenario: Scenario | undefined = $state.raw();
  /** Absent while it is computed, and for a run that is refused. */
  answered: PinnedAnswer | undefined = $state.raw();

  private answers: Engine<"answer"> | undefined;

  /** Undefined takes the pinned run away. */
  set(scenario: Scenario | undefined): void {
    if (JSON.stringify(scenario) === JSON.stringify(this.scenario)) return;
    this.scenario = scenario;
    this.answered = undefined;
    if (scenario === undefined) return;
    this.answers ??= createEngine(
      "answer",
      (asked, answer) => this.take(asked, answer),
      // Without an answer it is not shown; the link still holds it.
      () => undefined,
    );
    this.answers.ask(scenario);
  }

  private take(asked: Scenario, answer: Answer): void {
    if (asked !== this.scenario || isRefusal(answer.result)) return;
    this.answered = { answer, estimate: answer.result };
  }
}
