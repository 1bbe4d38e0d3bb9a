/** `lora-calc estimate`: one scenario, answered in words or as JSON. */

import { advise, estimate, isRefusal } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderAnswer } from "../render/answer.js";
import { exitCodeOf, missingCard, refuse } from "./answers.js";

export interface EstimateOptions {
  readonly json: boolean;
  readonly check: boolean;
}

export async function runEstimate(
  source: string,
  flags: FlagValues,
  { json, check }: EstimateOptions,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  const problem = check ? missingCard(scenario) : undefined;
  if (problem !== undefined) return refuse(problem, json, output);
  const result = estimate(scenario);
  if (isRefusal(result)) return refuse(result.error, json, output);
  const advice = advise(scenario, result);
  await output.result(
    json
      ? `${JSON.stringify({ ...result, advice: advice.levers }, null, 2)}\n`
      : renderAnswer(scenario, result, advice, output.style),
  );
  return check ? exitCodeOf(result, check) : EXIT.ok;
}
