/** `lora-calc advise`: every switch with its price on this run, the way to a fit, room to use, cards that would do. */

import { advise, estimate, isRefusal, peaksOf } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderAdvice } from "../render/advice.js";
import { refuse } from "./answers.js";

/** Without the memory of the run no switch has a price. */
const NO_MEMORY =
  "No advice: switches and cards are priced by memory, which is not computed here.\n";

export async function runAdvise(
  source: string,
  flags: FlagValues,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  // Advice is about memory: without any training setting the defaults are meant.
  const asked = { training: {}, ...scenario };
  const result = estimate(asked);
  if (isRefusal(result)) return refuse(result.error, json, output);
  for (const warning of result.warnings) output.talk(warning.message);
  const advice = advise(asked, result);
  const text = peaksOf(result) === undefined ? NO_MEMORY : renderAdvice(advice, output.style);
  await output.result(json ? `${JSON.stringify(advice, null, 2)}\n` : text);
  return EXIT.ok;
}
