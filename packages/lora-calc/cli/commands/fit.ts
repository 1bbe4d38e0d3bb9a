/** `lora-calc fit`: does the run fit the card, by how much, and which cards would do. */

import { advise, estimate, isRefusal } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderFit } from "../render/answer.js";
import { exitCodeOf, missingCard, refuse } from "./answers.js";
import type { EstimateOptions } from "./estimate.js";

export async function runFit(
  source: string,
  flags: FlagValues,
  { json, check }: EstimateOptions,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  const problem = missingCard(scenario, "fit");
  if (problem !== undefined) return refuse(problem, json, output);
  const result = estimate(scenario);
  if (isRefusal(result)) return refuse(result.error, json, output);
  const { cards } = advise(scenario, result);
  const { fit, interval, memory, warnings } = result;
  const answer = {
    fit,
    interval,
    process_peak: memory?.process_peak,
    ...(memory?.at_least === undefined ? {} : { at_least: memory.at_least }),
    cards: cards.map(({ name, memoryBytes }) => ({ name, memory_bytes: memoryBytes })),
    warnings,
  };
  await output.result(
    json
      ? `${JSON.stringify(answer, null, 2)}\n`
      : renderFit(scenario, result, cards, output.style),
  );
  return check ? exitCodeOf(result, check) : EXIT.ok;
}
