/** Results as JSON, and the exit code each stands for. */

import { isRefusal } from "lora-calc";
import type { Problem, Result, Scenario } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { renderProblem } from "../render/problem.js";

/** Keys of a result's long lists. */
const DETAILS: readonly string[] = ["by_module", "timeline"];

/** A result as one line of JSON, with its long lists or without. */
export function jsonLine(result: Result, full: boolean): string {
  const keep = (key: string, value: unknown): unknown =>
    DETAILS.includes(key) ? undefined : value;
  return `${full ? JSON.stringify(result) : JSON.stringify(result, keep)}\n`;
}

/** Tells the reader what is wrong with an input: as JSON on stdout where a program reads, else in words on stderr. */
export async function refuse(problem: Problem, asJson: boolean, output: Output): Promise<ExitCode> {
  if (asJson) await output.result(`${JSON.stringify({ schema: 1, error: problem }, null, 2)}\n`);
  else output.talk(renderProblem(problem, output.style));
  return exitCodeOfProblem(problem);
}

/** A fault of ours is no bad input. */
function exitCodeOfProblem({ code }: Problem): ExitCode {
  if (code === "internal") return EXIT.bug;
  return code === "network_error" || code === "rate_limited" ? EXIT.network : EXIT.badInput;
}

/** Exit code of an answered scenario; --check needs a verdict. */
export function exitCodeOf(result: Result, check: boolean): ExitCode {
  if (isRefusal(result)) return exitCodeOfProblem(result.error);
  return check && result.fit?.verdict === "does_not_fit" ? EXIT.doesNotFit : EXIT.ok;
}

/** The Problem of asking for a verdict without naming a card, if that is what happened. */
export function missingCard(scenario: Scenario, asker = "--check"): Problem | undefined {
  if (scenario.hardware?.["gpu"] !== undefined) return undefined;
  return {
    code: "missing_field",
    path: "hardware.gpu",
    message: `${asker} needs a card to fit: add --gpu`,
    expected: "a card of the catalogue, or its memory",
  };
}
