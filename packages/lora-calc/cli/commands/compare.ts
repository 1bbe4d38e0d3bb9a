/** `lora-calc compare`: two to four scenarios side by side, under the same flags. */

import { estimate, isRefusal } from "lora-calc";
import type { Result } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderComparison } from "../render/comparison.js";
import type { Compared } from "../render/comparison.js";
import { jsonLine, refuse } from "./answers.js";

export async function runCompare(
  sources: readonly string[],
  flags: FlagValues,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const compared: Compared[] = [];
  const results: Result[] = [];
  for (const source of sources) {
    const scenario = await readFlagged(source, flags, output);
    const result = estimate(scenario);
    if (isRefusal(result)) {
      return refuse(
        { ...result.error, message: `${source}: ${result.error.message}` },
        json,
        output,
      );
    }
    results.push({ ...result, id: scenario.id ?? source });
    compared.push({ name: shortName(source), estimate: result });
  }
  if (json) for (const result of results) await output.result(jsonLine(result, false));
  else await output.result(renderComparison(compared, output.style));
  return EXIT.ok;
}

/** The last part of a path or of a repository. */
function shortName(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1);
}
